#pragma once

#include <string>
#include <vector>

#include "family/checkpoint.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// The heads of a checkpoint (read_checkpoint says which). @param top  takes their weights, which have no prefix
/// @param findings  gets what was not understood
/// @throws Error unsupported, model_mismatch: a head that `architectures` names and that is not there whole
std::vector<CheckpointHead> checkpoint_heads(WeightTaker& top, const CheckpointConfig& config,
                                             const EncoderSpec& encoder, std::vector<std::string>& findings);

}  // namespace bertrt::family
