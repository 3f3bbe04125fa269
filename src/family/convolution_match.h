#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

struct AppliedConvolution {
  ConvolutionSpec convolution;
  NodeId state = kNoNode;  ///< [texts, length, hidden]: what the next layer reads
};

/// The convolution of `input`, which the first layer read, that is added to what it gave, `state`, and normalized
/// (ConvolutionSpec): zeros for tokens whose attention_mask is 0, before the activation and in the end.
std::optional<AppliedConvolution> find_convolution(const Instance& instance, const Probe& probe, NodeId input,
                                                   NodeId state);

}  // namespace bertrt::family
