#pragma once

#include <optional>
#include <string>
#include <vector>

#include "family/checkpoint.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// The heads of a checkpoint (read_checkpoint says which). @param top  takes their weights, which have no prefix
/// @param findings  gets what was not understood
/// @param told  a head that is taken for the one that `architectures` names, where its weights are there
/// @throws Error unsupported, model_mismatch: a head that `architectures` names and that is not there whole
std::vector<CheckpointHead> checkpoint_heads(WeightTaker& top, const CheckpointConfig& config,
                                             const EncoderSpec& encoder, std::vector<std::string>& findings,
                                             std::optional<HeadKind> told = std::nullopt);

/// Whether one of `architectures` is a class of this head alone.
bool names_class_of(const CheckpointConfig& config, HeadKind kind);

}  // namespace bertrt::family
