#pragma once

#include <string>
#include <string_view>

namespace bertrt::cli {

/// `text` as it may go to a terminal: control characters, escapes and marks that reverse the direction of writing are
/// spelled out (\x1b, \u202e), bytes that are no UTF-8 as \xff. What a file calls its parts is anybody's choice.
std::string printable(std::string_view text);

}  // namespace bertrt::cli
