#pragma once

#include <string>
#include <string_view>

namespace bertrt::base {

/// A text as it can be shown in one line: '?' for each byte of what problem_of_text() objects to (control characters,
/// line ends, marks that turn the direction of text, bytes that are not UTF-8).
std::string one_line(std::string_view text);

}  // namespace bertrt::base
