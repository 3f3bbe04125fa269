#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bertrt::cli {

/// `text` as it may go to a terminal: control characters, escapes and marks that reverse the direction of writing are
/// spelled out (\x1b, \u202e), bytes that are no UTF-8 as \xff. What a file calls its parts is anybody's choice.
std::string printable(std::string_view text);

/// The number in nine columns, four of them behind its point.
std::string number_text(float value);

/// The first `shown` of the values, and whether there are more. @param number  makes a text of one
std::string first_values(std::span<const float> values, std::size_t shown, std::string (*number)(float) = number_text);

}  // namespace bertrt::cli
