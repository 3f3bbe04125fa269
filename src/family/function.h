#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"

namespace bertrt::family {

/// An activation and what it is applied to.
struct AppliedActivation {
  Activation activation = Activation::none;
  Ref input;
};

/// What function of one tensor's elements the node `top` computes: one operator, or a formula of several (GELU as older
/// libraries wrote it). The tensor may be a part of an operator's result. A formula is known by its values: at 801
/// points between -1e4 and 1e4 it must be the function within 1e-6 of max(1, |x|). Nothing for any other function, an
/// unknown operator on the way or a second tensor.
std::optional<AppliedActivation> find_activation(const Instance& instance, NodeId top);

}  // namespace bertrt::family
