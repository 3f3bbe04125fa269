#pragma once

#include <optional>

#include "family/angles_match.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// Queries, keys or values as they were before they were turned by their positions, and how they are turned.
struct AppliedRotary {
  Ref input;  ///< [texts, heads, tokens, size]
  Angles angles;
  bool tokens_first = false;  ///< the node's result is [texts, tokens, heads, size]
};

/// x * cos + rotated(x) * sin, where rotated(x) is (-second, first) of each pair of a head's values, half a head apart
/// or side by side, and cos and sin are of the pair's angle, the same for both.
std::optional<AppliedRotary> find_rotary(const Instance& instance, const Probe& probe, NodeId node);

}  // namespace bertrt::family
