#pragma once

#include <deque>
#include <vector>

#include "family/config.h"
#include "family/encoder_spec.h"
#include "family/named_weights.h"

namespace bertrt::family {

/// The frequencies that an ESM's file has, which need not be as exact as those that are computed; nothing changes where
/// it has none. @throws Error model_mismatch for layers that differ
void take_frequencies(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary);

/// RoFormer's table of sines and cosines, of the file or as Python makes it. @throws Error model_mismatch
void take_angles(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary);

/// RoFormer turns neighbouring values of a head. They are put half a head apart, where queries, keys and (where these
/// are turned) values are made, and back where a layer's output is: all products stay the same.
/// @param made  the weights in their new order; must live as long as the spec
void put_pairs_apart(LayerSpec& layer, std::size_t heads, bool values, std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
