#include "archive/file_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <new>
#include <numeric>
#include <string>
#include <system_error>
#include <vector>

#include "archive/parallel.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 20;  // one system call's worth; Linux reads at most 2 GiB at once
// Most of the time of a read from the page cache goes into the page faults of fresh memory: large pages have few of
// them (91 MB: 110 ms without, 17 ms with them), and what is left threads share well.
constexpr std::size_t kBytesPerThread = std::size_t{8} << 20;

// The whole file by as many threads as are worth it; returns how many bytes there were.
std::size_t read_all(const std::filesystem::path& path, std::span<std::byte> out) {
  const std::size_t parts = parts_for(out.size(), kBytesPerThread);
  const std::size_t part = (out.size() / parts + 4095) / 4096 * 4096;
  std::vector<std::size_t> done(parts, 0);
  run_parts(parts, [&](std::size_t i) {
    const std::size_t begin = std::min(i * part, out.size());
    done[i] = RangeReader(path).read(begin, out.subspan(begin, std::min(part, out.size() - begin)));
  });
  return std::accumulate(done.begin(), done.end(), std::size_t{0});
}

}  // namespace

std::size_t size_of_file(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(ErrorCode::file_not_found, name, "a model file", "no file of this name");
  }
  if (std::filesystem::is_directory(status)) {
    throw Error(ErrorCode::io, name, "a model file", "a directory");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorCode::io, name, "a model file",
                failure ? failure.message() : "something that is not a plain file");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) throw Error(ErrorCode::io, name, "a readable file", failure.message());
  if (!RangeReader(path)) {
    throw Error(ErrorCode::io, name, "a readable file", std::error_code(errno, std::generic_category()).message());
  }
  return static_cast<std::size_t>(size);
}

#if defined(_WIN32)
RangeReader::RangeReader(const std::filesystem::path& path) : file_(::_wfopen(path.c_str(), L"rb")) {
#else
RangeReader::RangeReader(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "rb")) {
#endif
  if (file_) std::setvbuf(file_.get(), nullptr, _IONBF, 0);
}

std::size_t RangeReader::read(std::size_t offset, std::span<std::byte> out) const {
  if (!file_) return 0;
#if defined(_WIN32)
  if (::_fseeki64(file_.get(), static_cast<std::int64_t>(offset), SEEK_SET) != 0) return 0;
#else
  if (::fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0) return 0;
#endif
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t count = std::fread(out.data() + done, 1, std::min(kChunk, out.size() - done), file_.get());
    if (count == 0) break;
    done += count;
  }
  return done;
}

FileBytes FileBytes::read(const std::filesystem::path& path) {
  const std::string name = path.string();
  FileBytes bytes;
  bytes.size_ = size_of_file(path);
  // Uninitialized memory: zeroing it first would touch every page once more than reading does.
  bytes.data_ = base::fresh_memory(bytes.size_);
  if (!bytes.data_) {
    throw Error(ErrorCode::out_of_resources, name, "memory for the file's " + std::to_string(bytes.size_) + " bytes",
                "not enough memory");
  }
  const std::size_t done = read_all(path, {bytes.data_.get(), bytes.size_});
  if (done != bytes.size_) {
    throw Error(ErrorCode::io, name, std::to_string(bytes.size_) + " readable bytes",
                "the end or an error after " + std::to_string(done));
  }
  return bytes;
}

}  // namespace bertrt::archive
