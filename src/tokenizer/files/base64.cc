#include "tokenizer/files/base64.h"

#include <cstdint>
#include <string_view>

#include "bertrt/error.h"

namespace bertrt::tokenizer {

// "=" at the end may be missing, as Hugging Face has it; bits that no byte takes are zero.
std::string decode_base64(const std::string& text, const std::string& where) {
  const auto refuse = [&](const std::string& found) {
    throw Error(ErrorCode::invalid_format, where + ".precompiled_charsmap", "base64", found);
  };
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::string_view symbols = text;
  while (text.size() % 4 == 0 && text.size() - symbols.size() < 2 && symbols.ends_with('=')) symbols.remove_suffix(1);
  if (symbols.size() % 4 == 1) refuse(std::to_string(symbols.size()) + " letters");
  for (const char c : symbols) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      refuse("'" + std::string(1, c) + "'");
    }
    bits = bits << 6U | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xFFU));
    }
  }
  if ((bits & ((1U << count) - 1U)) != 0) refuse("bits behind the last byte");
  return bytes;
}

}  // namespace bertrt::tokenizer
