#include "archive/crc32.h"

#include <zlib.h>

#include <algorithm>

#include "archive/crc32_x86.h"

namespace bertrt::archive {
namespace {

// zlib counts in unsigned int; more goes through in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32_portable(std::span<const std::byte> bytes, std::uint32_t sum) {
  uLong result = sum;
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t count = std::min(kPiece, bytes.size() - done);
    result = crc32(result, reinterpret_cast<const Bytef*>(bytes.data() + done), static_cast<uInt>(count));
    done += count;
  }
  return static_cast<std::uint32_t>(result);
}

std::uint32_t crc32_of(std::span<const std::byte> bytes) {
  static const bool supported = crc32_x86_supported();
  if (!supported || bytes.size() < kFoldedBlock) return crc32_portable(bytes);
  // What the whole blocks leave behind is 16 bytes with the checksum that all of them have, counted from 0; zlib's sums
  // are inverted before and after.
  const std::size_t blocks = bytes.size() / kFoldedBlock;
  const FoldedBytes folded = crc32_x86_fold(bytes.data(), blocks);
  const std::uint32_t sum = crc32_portable(folded, 0xFFFFFFFFU);
  return crc32_portable(bytes.subspan(blocks * kFoldedBlock), sum);
}

}  // namespace bertrt::archive
