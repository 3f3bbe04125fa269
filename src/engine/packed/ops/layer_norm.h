#pragma once

#include <cstddef>

namespace bertrt::engine::packed::ops {

/// out[r] = (x[r] - mean) / sqrt(variance + eps) * gamma + beta for each row, two passes in fp32.
///
/// @param x      [rows, width], row-major
/// @param gamma  [width]
/// @param beta   [width]
/// @param out    [rows, width]; may be x
void layer_norm(const float* x, const float* gamma, const float* beta, float eps, std::size_t rows, std::size_t width,
                float* out);

}  // namespace bertrt::engine::packed::ops
