#pragma once

#include <string>
#include <string_view>

namespace bertrt::base {

/// What keeps a text from being shown as it is; empty for a good one. Good is UTF-8 without control characters
/// (terminals obey those), line ends included, and without marks that turn the direction of text.
std::string_view problem_of_text(std::string_view text) noexcept;

/// A text as it can be shown in one line: what problem_of_text() objects to is spelled out (control characters, line
/// ends and marks that turn the direction of text as \x1b or \u202e, bytes that are not UTF-8 as \xff).
std::string one_line(std::string_view text);

/// A text of anybody's for a message: one_line() of its first 100 bytes.
std::string printable(std::string_view text);

}  // namespace bertrt::base
