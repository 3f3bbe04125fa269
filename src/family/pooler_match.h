#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"

namespace bertrt::family {

struct AppliedPooler {
  Dense dense;
  NodeId node = kNoNode;  ///< [texts, hidden]
};

/// dense + tanh of the first token of `state`, the last layer's.
std::optional<AppliedPooler> find_pooler(const Instance& instance, NodeId state);

}  // namespace bertrt::family
