#pragma once

#include <deque>
#include <vector>

#include "family/config.h"
#include "family/encoder_spec.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// DeBERTa (v1) and DeBERTa-v2/v3 by their weights' names.
/// @param config  has `disentangled`
/// @param made    weights that a file has in another order are put here, and must live as long as the spec
/// @throws Error model_mismatch, unsupported
EncoderSpec deberta_encoder(WeightTaker& taker, const CheckpointConfig& config, std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
