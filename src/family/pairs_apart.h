#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// RoFormer turns neighbouring values of a head. They are put half a head apart, where queries, keys and (where these
/// are turned) values are made, and back where a layer's output is: all products stay the same.
/// @param made  the weights in their new order; must live as long as the spec
void put_pairs_apart(LayerSpec& layer, std::size_t heads, bool values, std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
