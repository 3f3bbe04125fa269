#include "base/one_line.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/plain_text.h"

namespace bertrt::base {
namespace {

constexpr std::size_t kLongest = 4;  // bytes of a character

// The bytes of the character that a text begins with; 0: it begins with none.
std::size_t character_bytes(std::string_view text) noexcept {
  for (std::size_t bytes = 1; bytes <= std::min(kLongest, text.size()); ++bytes) {
    if (problem_of_text(text.substr(0, bytes)) != kNotUtf8) return bytes;
  }
  return 0;
}

// The code point of a whole character.
std::uint32_t code_point_of(std::string_view character) noexcept {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(character[at]));
  };
  const std::size_t more = character.size() - 1;
  std::uint32_t value = more == 0 ? byte(0) : byte(0) & (0x3FU >> more);
  for (std::size_t i = 1; i <= more; ++i) value = value << 6U | (byte(i) & 0x3FU);
  return value;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::array<char, 16> spelled{};
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const std::string_view first = text.substr(0, std::max<std::size_t>(bytes, 1));
    text.remove_prefix(first.size());
    if (problem_of_text(first).empty()) {
      result += first;
      continue;
    }
    const std::uint32_t value = bytes == 0 ? static_cast<unsigned char>(first[0]) : code_point_of(first);
    std::snprintf(spelled.data(), spelled.size(), bytes > 1 ? "\\u%04x" : "\\x%02x", static_cast<unsigned>(value));
    result += spelled.data();
  }
  return result;
}

}  // namespace bertrt::base
