#pragma once

#include "family/config.h"
#include "family/encoder_spec.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// The frequencies that an ESM's file has, which need not be as exact as those that are computed; nothing changes where
/// it has none. @throws Error model_mismatch for layers that differ
void take_frequencies(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary);

/// RoFormer's table of sines and cosines, of the file or as Python makes it. @throws Error model_mismatch
void take_angles(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary);

}  // namespace bertrt::family
