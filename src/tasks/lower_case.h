#pragma once

#include <string>
#include <string_view>

namespace bertrt::tasks {

/// A text as Python's str.lower() has it: every code point by Unicode's full mapping, and a capital sigma at the end of
/// a word as the final form. Invalid UTF-8 becomes U+FFFD.
std::string lower_case(std::string_view text);

}  // namespace bertrt::tasks
