#include "printable.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace bertrt::cli {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  ///< 0: not well-formed
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + bytes > text.size()) return {};
  std::uint32_t value = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[bytes] || value > 0x10FFFF || surrogate) return {};
  return {value, bytes};
}

bool harmless(std::uint32_t value) {
  const bool control = value < 0x20 || (value >= 0x7F && value <= 0x9F);
  const bool line = value == 0x2028 || value == 0x2029;
  const bool direction = (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069) ||
                         value == 0x200E || value == 0x200F || value == 0x061C;
  return !control && !line && !direction;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::array<char, 16> spelled{};
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.bytes != 0 && harmless(point.value)) {
      out.append(text.substr(at, point.bytes));
    } else {
      const std::uint32_t value = point.bytes == 0 ? static_cast<std::uint8_t>(text[at]) : point.value;
      const bool wide = point.bytes > 1;
      std::snprintf(spelled.data(), spelled.size(), wide ? "\\u%04x" : "\\x%02x", static_cast<unsigned>(value));
      out += spelled.data();
    }
    at += point.bytes == 0 ? 1 : point.bytes;
  }
  return out;
}

std::string number_text(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%9.4f", static_cast<double>(value));
  return text.data();
}

std::string first_values(std::span<const float> values, std::size_t shown, std::string (*number)(float)) {
  std::string line;
  for (const float value : values.first(std::min(shown, values.size()))) line += number(value);
  return line + (values.size() > shown ? "  …" : "");
}

}  // namespace bertrt::cli
