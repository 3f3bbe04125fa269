#pragma once

#include "graph/operators/common.h"

namespace bertrt::graph {

struct Sorted {
  Tensor values;
  Tensor places;
};

/// The first `count` of each row of an axis in order; NaN is the largest. Equal values stay in their order.
Sorted sorted(Call& call, const Tensor& a, std::int64_t axis, std::int64_t count, bool descending);

}  // namespace bertrt::graph
