#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bertrt::tasks {

/// Where code point `number` begins; the text's end where it has no so many.
std::size_t byte_of_code_point(std::string_view text, std::size_t number);

/// Places of a text counted in code points. Holds four bytes for each byte of the text.
class CodePoints {
 public:
  explicit CodePoints(std::string_view text);
  /// Those that begin before a byte; the end of the text at most.
  std::uint32_t before(std::size_t byte) const noexcept {
    return before_[byte < before_.size() ? byte : before_.size() - 1];
  }

 private:
  std::vector<std::uint32_t> before_;
};

}  // namespace bertrt::tasks
