#pragma once

#include <string>
#include <string_view>

namespace bertrt::base {

/// A text as it can be shown in one line: what problem_of_text() objects to is spelled out (control characters, line
/// ends and marks that turn the direction of text as \x1b or \u202e, bytes that are not UTF-8 as \xff).
std::string one_line(std::string_view text);

}  // namespace bertrt::base
