#pragma once

#include <cstddef>
#include <cstdint>

namespace bertrt::text {

/// Sets bit i of `breaks[b]` where byte 64 * b + i is not an ASCII letter or digit: the places where an ASCII word can
/// end. Reads exactly 64 * blocks bytes. Uses the widest vectors of the processor that it runs on.
void find_word_breaks(const char* text, std::size_t blocks, std::uint64_t* breaks) noexcept;

/// What the 64 bytes of a block are, one bit a byte.
struct ByteMasks {
  std::uint64_t letters;  ///< of ASCII, as are digits
  std::uint64_t digits;
  std::uint64_t spaces;       ///< 9 to 13 and 32
  std::uint64_t blanks;       ///< 32
  std::uint64_t newlines;     ///< CR, LF
  std::uint64_t apostrophes;  ///< '
  std::uint64_t beyond;       ///< not ASCII
};

/// Fills masks[0] to masks[blocks - 1]. Reads exactly 64 * blocks bytes, as find_word_breaks() does.
void find_byte_masks(const char* text, std::size_t blocks, ByteMasks* masks) noexcept;

}  // namespace bertrt::text
