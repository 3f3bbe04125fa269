#include "graph/torchscript/messages.h"

#include <utility>

namespace bertrt::graph::torchscript {

std::string quoted(std::string_view text) {
  std::string result(1, '"');
  result += printable(text);
  result += '"';
  return result;
}

Error not_graphable(std::string where, const std::string& reason) {
  return Error(ErrorCode::unsupported, std::move(where), "a method that is a graph",
               "one that is not graphable: " + reason);
}

Error malformed(std::string where, std::string expected, std::string found) {
  return Error(ErrorCode::invalid_format, std::move(where), std::move(expected), std::move(found));
}

}  // namespace bertrt::graph::torchscript
