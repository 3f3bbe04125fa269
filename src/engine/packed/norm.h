#pragma once

#include <cstddef>
#include <vector>

#include "engine/packed/thread_pool.h"

namespace bertrt::engine::packed {

/// Layer normalization over the last dimension.
struct Norm {
  std::vector<float> gamma;  ///< [width]
  std::vector<float> beta;   ///< [width]

  /// In place. @param x  [rows, gamma.size()], row-major
  void run(float* x, std::size_t rows, float eps, ThreadPool& pool) const;
};

}  // namespace bertrt::engine::packed
