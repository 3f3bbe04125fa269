#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "graph/call.h"

namespace bertrt::graph {

/// What another operator of the table gives: its overload of this number, with all of its arguments.
Tensor made_by(Call& call, std::string_view name, std::vector<Value> arguments, std::size_t overload = 0);

}  // namespace bertrt::graph
