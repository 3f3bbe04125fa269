#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"

namespace bertrt::family {

/// A norm over the last axis, with its input.
struct AppliedNorm {
  LayerNorm norm;
  Ref input;
};

/// A layer norm as one operator, or written out: (x - mean) / sqrt(mean of squares + eps) * gamma + beta; or an RMS
/// norm, likewise: x * rsqrt(mean of squares + eps) * gamma.
std::optional<AppliedNorm> find_norm(const Instance& instance, NodeId node);
/// Whether it is worth asking.
bool may_be_norm(const Node& node);

}  // namespace bertrt::family
