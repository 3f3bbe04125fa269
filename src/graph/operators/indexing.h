#pragma once

#include "graph/call.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

/// The places of elements that are not 0: [count, rank]. The size depends on values, which the run is told.
/// @throws Error unsupported where the values are not known
Tensor places_of(Call& call, const Tensor& a);

void add_advanced_indexing(Table& table);

}  // namespace bertrt::graph
