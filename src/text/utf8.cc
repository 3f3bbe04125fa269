#include "text/utf8.h"

#include <cstring>

namespace bertrt::text {
namespace {

bool in_range(std::string_view text, std::size_t at, unsigned char low, unsigned char high) noexcept {
  if (at >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= low && byte <= high;
}

char32_t tail(std::string_view text, std::size_t at) noexcept { return static_cast<unsigned char>(text[at]) & 0x3Fu; }

}  // namespace

Decoded decode_utf8_multibyte(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0xC2 || lead > 0xF4) return {kReplacement, 1};
  if (lead < 0xE0) {
    if (!in_range(text, at + 1, 0x80, 0xBF)) return {kReplacement, 1};
    return {(lead & 0x1Fu) << 6 | tail(text, at + 1), 2};
  }
  // The second byte's range shuts out overlong forms, surrogates and values above U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!in_range(text, at + 1, low, high)) return {kReplacement, 1};
  if (!in_range(text, at + 2, 0x80, 0xBF)) return {kReplacement, 2};
  if (lead < 0xF0) return {(lead & 0x0Fu) << 12 | tail(text, at + 1) << 6 | tail(text, at + 2), 3};
  if (!in_range(text, at + 3, 0x80, 0xBF)) return {kReplacement, 3};
  return {(lead & 0x07u) << 18 | tail(text, at + 1) << 12 | tail(text, at + 2) << 6 | tail(text, at + 3), 4};
}

std::size_t write_utf8(char32_t c, char* out) noexcept {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | c >> 6);
    out[1] = static_cast<char>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | c >> 12);
    out[1] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out[2] = static_cast<char>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | c >> 18);
  out[1] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
  out[2] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  out[3] = static_cast<char>(0x80 | (c & 0x3F));
  return 4;
}

void append_utf8(char32_t code_point, std::string& out) {
  char buffer[4];
  out.append(buffer, write_utf8(code_point, buffer));
}

std::size_t previous_utf8(std::string_view text, std::size_t at) noexcept {
  do {
    --at;
  } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

bool is_valid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (std::uint64_t bytes = 0; text.size() - at >= sizeof bytes) {
      std::memcpy(&bytes, text.data() + at, sizeof bytes);
      if ((bytes & 0x8080808080808080ULL) == 0) {  // ASCII
        at += sizeof bytes;
        continue;
      }
    }
    const Decoded c = decode_utf8(text, at);
    // A real U+FFFD takes three bytes, an invalid sequence of three bytes lacks its fourth.
    if (c.code_point == kReplacement && (c.length != 3 || static_cast<unsigned char>(text[at]) != 0xEF)) return false;
    at += c.length;
  }
  return true;
}

std::size_t count_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).length;
  return count;
}

}  // namespace bertrt::text
