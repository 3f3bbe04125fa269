#include "engine/packed/slope_bias.h"

#include <algorithm>

#include "kernels/ops/attention.h"

namespace bertrt::engine::packed {

std::size_t slope_bias_size(std::size_t length) {
  constexpr std::size_t kLine = 16;
  return (2 * length + kernels::ops::kAttentionColumns + kLine - 1) / kLine * kLine;
}

const float* slope_bias(float slope, std::size_t length, float* memory) {
  float* zero = memory + length;
  for (std::size_t i = 0; i < length; ++i) {
    const float bias = -slope * static_cast<float>(i);
    zero[i] = bias;
    *(zero - i) = bias;
  }
  // What whole vectors read beyond the last key.
  std::fill_n(zero + length, kernels::ops::kAttentionColumns, 0.0F);
  return zero;
}

}  // namespace bertrt::engine::packed
