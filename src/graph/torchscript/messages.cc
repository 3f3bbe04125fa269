#include "graph/torchscript/messages.h"

#include <utility>

namespace bertrt::graph::torchscript {

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 120;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (const char c : text.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      result += c;
    } else {
      result += "\\x";
      result += kDigits[byte >> 4U];
      result += kDigits[byte & 15U];
    }
  }
  if (text.size() > kMost) result += "...";
  return result;
}

std::string quoted(std::string_view text) {
  std::string result(1, '"');
  result += printable(text);
  result += '"';
  return result;
}

Error not_graphable(std::string where, const std::string& reason) {
  return Error(ErrorCode::unsupported, std::move(where), "a method that is a graph",
               "one that is not graphable: " + reason);
}

Error malformed(std::string where, std::string expected, std::string found) {
  return Error(ErrorCode::invalid_format, std::move(where), std::move(expected), std::move(found));
}

}  // namespace bertrt::graph::torchscript
