#pragma once

#include <string>
#include <string_view>

namespace bertrt::base {

/// problem_of_text() of a text that is no UTF-8.
inline constexpr std::string_view kNotUtf8 = "one that is not UTF-8";

/// What keeps a text from being shown as it is; empty for a good one. Good is UTF-8 without control characters
/// (terminals obey those), line ends included, and without marks that turn the direction of text.
std::string_view problem_of_text(std::string_view text) noexcept;

/// A text of anybody's for a message: its first 100 bytes, with '?' for all that is not plain ASCII.
std::string printable(std::string_view text);

}  // namespace bertrt::base
