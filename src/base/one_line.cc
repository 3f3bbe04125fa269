#include "base/one_line.h"

#include <algorithm>
#include <cstddef>

#include "base/plain_text.h"

namespace bertrt::base {
namespace {

constexpr std::size_t kLongest = 4;  // bytes of a character

// The bytes of the good character that a text begins with; 0: it begins with none.
std::size_t good_bytes(std::string_view text) noexcept {
  for (std::size_t bytes = 1; bytes <= std::min(kLongest, text.size()); ++bytes) {
    if (problem_of_text(text.substr(0, bytes)).empty()) return bytes;
  }
  return 0;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = good_bytes(text);
    if (bytes == 0) {
      result += '?';
    } else {
      result += text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return result;
}

}  // namespace bertrt::base
