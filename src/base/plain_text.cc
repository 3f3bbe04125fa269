#include "base/plain_text.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace bertrt::base {
namespace {

constexpr std::size_t kShown = 100;
constexpr char32_t kInvalid = 0x110000;  // behind the last code point

// Takes one code point off the front. Shortest forms alone, no surrogates (Unicode, table 3-7).
char32_t take_code_point(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  const std::size_t more = lead < 0x80 ? 0 : lead < 0xC2 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : 4;
  if (more == 4 || text.size() <= more) return kInvalid;
  char32_t code_point = more == 0 ? lead : lead & (0x3FU >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return kInvalid;
    code_point = code_point << 6U | (byte(i) & 0x3FU);
  }
  text.remove_prefix(more + 1);
  const bool too_long = (more == 2 && code_point < 0x800) || (more == 3 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return too_long || surrogate || code_point > 0x10FFFF ? kInvalid : code_point;
}

bool is_control(char32_t c) noexcept {
  const bool lines = c == 0x2028 || c == 0x2029;
  const bool directions = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F;
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || lines || directions;
}

}  // namespace

std::string_view problem_of_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const char32_t code_point = take_code_point(text);
    if (code_point == kInvalid) return "one that is not UTF-8";
    if (is_control(code_point)) return "one with control characters";
  }
  return {};
}

std::string one_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::array<char, 16> spelled{};
  while (!text.empty()) {
    std::string_view rest = text;
    const char32_t code_point = take_code_point(rest);
    const bool invalid = code_point == kInvalid;
    const std::string_view first = text.substr(0, invalid ? 1 : text.size() - rest.size());
    text.remove_prefix(first.size());
    if (!invalid && !is_control(code_point)) {
      result += first;
      continue;
    }
    const unsigned value = invalid ? static_cast<unsigned char>(first[0]) : static_cast<unsigned>(code_point);
    std::snprintf(spelled.data(), spelled.size(), first.size() > 1 ? "\\u%04x" : "\\x%02x", value);
    result += spelled.data();
  }
  return result;
}

std::string printable(std::string_view text) {
  if (text.size() <= kShown) return one_line(text);
  std::size_t end = kShown;  // not inside of a code point
  while (end > kShown - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return one_line(text.substr(0, end)) + "...";
}

}  // namespace bertrt::base
