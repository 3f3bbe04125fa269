#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/value.h"

namespace bertrt::graph {

/// What libtorch makes of a call: the same operator by its own dispatch, on the same arguments (in memory of its own,
/// with the same strides).
struct TorchResult {
  std::vector<Value> outputs;    ///< flattened; tensors keep libtorch's strides
  std::vector<Value> arguments;  ///< tensors among the arguments, flattened, after the call: what was written in place
  std::string error;             ///< what it threw; empty when it ran
};

TorchResult call_torch(const std::string& name, std::span<const std::pair<std::string, Value>> arguments);

}  // namespace bertrt::graph
