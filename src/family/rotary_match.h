#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// Queries or keys as they were before they were turned by their positions, and how they are turned.
struct AppliedRotary {
  Ref input;  ///< [texts, heads, tokens, size]
  RotarySpec rotary;
  bool positions_given = false;  ///< by position_ids; else tokens are counted from 0
  bool tokens_first = false;     ///< the node's result is [texts, tokens, heads, size]
};

/// x * cos + rotated(x) * sin, where rotated(x) is (-second half, first half) of a head's values, and cos and sin are
/// of each token's position times stored frequencies, the same for both halves.
std::optional<AppliedRotary> find_rotary(const Instance& instance, const Probe& probe, NodeId node);

}  // namespace bertrt::family
