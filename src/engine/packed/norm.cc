#include "engine/packed/norm.h"

#include <algorithm>

#include "kernels/ops/layer_norm.h"

namespace bertrt::engine::packed {

void Norm::run(float* x, const float* residual, std::size_t rows, std::size_t stride, kernels::ThreadPool& pool) const {
  // Below this many values a thread, waking another costs more than it saves.
  constexpr std::size_t kValuesForThread = 8192;
  const std::size_t width = gamma.size();
  const std::size_t parts = std::clamp<std::size_t>(rows * width / kValuesForThread, 1, std::min(pool.threads(), rows));
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = rows * part / parts;
    const std::size_t end = rows * (part + 1) / parts;
    kernels::ops::layer_norm(x + begin * stride, residual == nullptr ? nullptr : residual + begin * stride, stride,
                             gamma.data(), beta.data(), eps, end - begin, width);
  });
}

}  // namespace bertrt::engine::packed
