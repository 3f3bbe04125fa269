#pragma once

#include <deque>
#include <string>
#include <vector>

#include "family/config.h"
#include "family/encoder_spec.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// The encoder that config.json describes, of weights under the family's names, each in the shape that it says.
/// @param taker  whose prefix is the encoder's
/// @throws Error model_mismatch for a weight that is missing or has another shape; unsupported for a part that the
///         family has not
/// @param made  gets weights that are put together of the file's; must live as long as the spec
EncoderSpec named_encoder(WeightTaker& taker, const CheckpointConfig& config, const std::string& where,
                          std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
