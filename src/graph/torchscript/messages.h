#pragma once

#include <string>
#include <string_view>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::graph::torchscript {

using base::printable;

/// The same in double quotes.
std::string quoted(std::string_view text);

/// A method that is well-formed, but not a graph. what() holds "not graphable: REASON".
Error not_graphable(std::string where, const std::string& reason);
/// Code, or a pickle beside it, that is none.
Error malformed(std::string where, std::string expected, std::string found);

}  // namespace bertrt::graph::torchscript
