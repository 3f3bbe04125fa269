#include "tasks/code_points.h"

#include "text/utf8.h"

namespace bertrt::tasks {

std::size_t byte_of_code_point(std::string_view text, std::size_t number) {
  std::size_t at = 0;
  for (; number > 0 && at < text.size(); --number) at += text::decode_utf8(text, at).length;
  return at;
}

CodePoints::CodePoints(std::string_view text) : before_(text.size() + 1) {
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t length = text::decode_utf8(text, at).length;
    before_[at] = count++;
    for (std::uint32_t i = 1; i < length; ++i) before_[at + i] = count;  // inside a code point: its end
    at += length;
  }
  before_[text.size()] = count;
}

}  // namespace bertrt::tasks
