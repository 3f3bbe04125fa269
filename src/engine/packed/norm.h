#pragma once

#include <cstddef>
#include <vector>

#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// Layer normalization over the last dimension.
struct Norm {
  std::vector<float> gamma;  ///< [width]
  std::vector<float> beta;   ///< [width]
  float eps = 0;
  bool centred = true;  ///< false: RMSNorm, without beta

  /// Of x + residual, in place.
  /// @param x         [rows, gamma.size()]
  /// @param residual  the same, or null
  /// @param stride    values from one row to the next, in both
  void run(float* x, const float* residual, std::size_t rows, std::size_t stride, kernels::ThreadPool& pool) const;
  /// Of x + residual, which is written back to x, to `out`, which neither is.
  void run(float* x, const float* residual, float* out, std::size_t rows, std::size_t stride,
           kernels::ThreadPool& pool) const;
};

/// x += residual, rows of `width` values that stand `stride` apart in both.
void add_rows(float* x, const float* residual, std::size_t width, std::size_t rows, std::size_t stride,
              kernels::ThreadPool& pool);
/// x *= factor, likewise.
void multiply_rows(float* x, const float* factor, std::size_t width, std::size_t rows, std::size_t stride,
                   kernels::ThreadPool& pool);

}  // namespace bertrt::engine::packed
