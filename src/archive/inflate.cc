#include "archive/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

// zlib counts in unsigned int; larger entries go through in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 30;

struct Stream {
  z_stream state{};
  bool good = false;
  Stream() : good(inflateInit2(&state, -MAX_WBITS) == Z_OK) {}
  ~Stream() {
    if (good) inflateEnd(&state);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

}  // namespace

std::unique_ptr<std::byte[]> inflate_raw(std::span<const std::byte> compressed, std::size_t size,
                                         const std::string& where) {
  const auto damaged = [&](const char* found) {
    return Error(ErrorCode::invalid_format, where, "a deflated entry of " + std::to_string(size) + " bytes", found);
  };
  Stream stream;
  if (!stream.good) throw Error(ErrorCode::runtime, where, "a zlib stream", "zlib refused to start");

  auto output = std::make_unique_for_overwrite<std::byte[]>(std::max<std::size_t>(size, 1));
  std::size_t in = 0;
  std::size_t out = 0;
  std::byte spare{};  // room for one byte too many, so that a longer stream is noticed
  for (;;) {
    const std::size_t give = std::min(kPiece, compressed.size() - in);
    const std::size_t take = std::min(kPiece, size - out);
    // zlib's interface has no const; it does not write to its input.
    stream.state.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data() + in));
    stream.state.avail_in = static_cast<uInt>(give);
    const bool full = take == 0;
    stream.state.next_out = reinterpret_cast<Bytef*>(full ? &spare : output.get() + out);
    stream.state.avail_out = static_cast<uInt>(full ? 1 : take);
    const int result = inflate(&stream.state, Z_NO_FLUSH);
    const std::size_t consumed = give - stream.state.avail_in;
    const std::size_t produced = (full ? 1 : take) - stream.state.avail_out;
    if (full && produced > 0) throw damaged("a stream that gives more");
    in += consumed;
    out += produced;
    if (result == Z_STREAM_END) break;
    if (result != Z_OK || (consumed == 0 && produced == 0)) throw damaged("a damaged or truncated stream");
  }
  if (out != size) throw damaged("a stream that gives fewer");
  return output;
}

}  // namespace bertrt::archive
