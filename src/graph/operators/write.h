#pragma once

#include "graph/call.h"
#include "graph/evaluate.h"

namespace bertrt::graph {

/// Writes `source` into the memory of `target`, which all its views see. Inputs and constants become the run's own by
/// a copy first.
/// @param any_type  also where a float would become an int
/// @param may_overlap  also where elements of the target share their memory: every value is the same
/// @throws Error runtime (another shape, an expanded target, types), unsupported (an attribute: the model keeps state)
void write_into(RunState& run, const Tensor& target, const Tensor& source, bool any_type, bool may_overlap = false);

/// The result of an operator in place: written into its first argument, which is the value of the call.
Value write_in_place(RunState& run, const Event& event, Value result);

}  // namespace bertrt::graph
