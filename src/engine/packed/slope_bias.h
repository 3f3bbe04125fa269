#pragma once

#include <cstddef>

namespace bertrt::engine::packed {

/// fp32 values that slope_bias() needs for a text of so many tokens; a multiple of a cache line.
std::size_t slope_bias_size(std::size_t length);

/// A head's bias of scores by ALiBi: -slope times the tokens between query and key, in both directions. Made for a head
/// and text at a time, as it is far smaller than their scores: nothing is kept whatever the longest text is.
/// @param memory  slope_bias_size() values
/// @return  the value at distance key - query = 0, for AttentionTask::bias with a stride of -1
const float* slope_bias(float slope, std::size_t length, float* memory);

}  // namespace bertrt::engine::packed
