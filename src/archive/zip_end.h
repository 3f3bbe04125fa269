#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace bertrt::archive {

/// The end records with the longest comment that they can have, in bytes.
inline constexpr std::size_t kLongestZipEnd = 22 + 0xffff + 20 + 56;

/// What a zip archive's end says of its directory.
struct ZipEnd {
  std::uint64_t entries = 0;
  std::uint64_t directory_offset = 0;
  std::uint64_t directory_size = 0;
  std::size_t position = 0;  ///< where the first of the end records starts; the directory ends here
};

/// Finds the end records, the 64-bit ones included. Refuses a file in which two places could be taken for the end, or
/// two records say two things, or the directory lies elsewhere than right before them.
/// @throws Error invalid_format
ZipEnd read_zip_end(std::span<const std::byte> bytes, const std::string& where);

}  // namespace bertrt::archive
