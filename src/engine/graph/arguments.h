#pragma once

#include <cstddef>
#include <vector>

#include "batch/batch.h"
#include "family/trace.h"
#include "graph/value.h"

namespace bertrt::engine::graph {

/// One text of a batch as the program's arguments, [1, length] each.
///
/// What the caller leaves out is made: types 0, mask 1, positions by the rule of the table that they are looked up in.
/// @param length  of the arguments: the text's own, or more of the padding id with mask 0
/// @throws Error invalid_argument for an input that only the caller can give and did not
std::vector<bertrt::graph::Value> arguments_of(const family::Trace& trace, const batch::Batch& batch, std::size_t text,
                                               std::size_t length);

}  // namespace bertrt::engine::graph
