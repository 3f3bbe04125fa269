#pragma once

#include "graph/call.h"

namespace bertrt::graph {

/// Softmax, or its logarithm, over an axis of a floating tensor.
Tensor softmax_of(Call& call, const Tensor& a, std::int64_t axis, bool logarithm);

}  // namespace bertrt::graph
