#pragma once

#include <cstddef>

namespace bertrt::kernels::ops {

/// x[r] = (y - mean) / sqrt(variance + eps) * gamma + beta with y = x[r] + residual[r], for each row; in fp32.
///
/// @param x         [rows, width], in place
/// @param residual  the same, or null
/// @param stride    values from one row to the next, in both
/// @param gamma     [width]
/// @param beta      [width]
void layer_norm(float* x, const float* residual, std::size_t stride, const float* gamma, const float* beta, float eps,
                std::size_t rows, std::size_t width);

/// x[r] = x[r] / sqrt(mean of x[r]² + eps) * gamma, for each row; in fp32, as layer_norm().
void rms_norm(float* x, std::size_t stride, const float* gamma, float eps, std::size_t rows, std::size_t width);

}  // namespace bertrt::kernels::ops
