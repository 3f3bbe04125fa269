#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bertrt::text {

/// What stands for a maximal invalid subpart.
inline constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code_point;
  std::uint32_t length;  ///< bytes taken, at least 1
};

/// Out of line part of decode_utf8(): everything but ASCII.
Decoded decode_utf8_multibyte(std::string_view text, std::size_t at) noexcept;

/// The code point at `at` (< text.size()). An invalid sequence gives U+FFFD for its maximal subpart: the longest prefix
/// of a well-formed sequence, else one byte (Unicode 16, section 3.9, table 3-7).
inline Decoded decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  return decode_utf8_multibyte(text, at);
}

/// Appends the UTF-8 of a scalar value.
void append_utf8(char32_t code_point, std::string& out);

/// Writes the UTF-8 of a scalar value, at most 4 bytes, and returns how many.
std::size_t write_utf8(char32_t code_point, char* out) noexcept;

/// The start of the code point that ends before `at` (> 0) in valid UTF-8.
std::size_t previous_utf8(std::string_view text, std::size_t at) noexcept;

/// How many code points a text has; every maximal invalid part counts as one.
std::size_t count_code_points(std::string_view text) noexcept;

/// No invalid sequence in it.
bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace bertrt::text
