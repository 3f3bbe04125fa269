#include "engine/packed/norm.h"

#include <algorithm>

#include "kernels/ops/elementwise.h"
#include "kernels/ops/layer_norm.h"
#include "kernels/ops/rows.h"

namespace bertrt::engine::packed {
namespace {

// use(first, rows) for each thread's share of the rows.
template <typename Use>
void share_rows(std::size_t rows, std::size_t width, kernels::ThreadPool& pool, const Use& use) {
  // Below this many values a thread, waking another costs more than it saves.
  constexpr std::size_t kValuesForThread = 8192;
  const std::size_t parts = std::clamp<std::size_t>(rows * width / kValuesForThread, 1, std::min(pool.threads(), rows));
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = rows * part / parts;
    use(begin, rows * (part + 1) / parts - begin);
  });
}

void normalize(const Norm& norm, float* x, const float* residual, std::size_t rows, std::size_t stride) {
  const std::size_t width = norm.gamma.size();
  if (norm.centred) {
    return kernels::ops::layer_norm(x, residual, stride, norm.gamma.data(), norm.beta.data(), norm.eps, rows, width);
  }
  for (std::size_t row = 0; residual != nullptr && row < rows; ++row) {
    kernels::ops::add_row(residual + row * stride, width, x + row * stride);
  }
  kernels::ops::rms_norm(x, stride, norm.gamma.data(), norm.eps, rows, width);
}

}  // namespace

void Norm::run(float* x, const float* residual, std::size_t rows, std::size_t stride, kernels::ThreadPool& pool) const {
  share_rows(rows, gamma.size(), pool, [&](std::size_t first, std::size_t count) {
    normalize(*this, x + first * stride, residual == nullptr ? nullptr : residual + first * stride, count, stride);
  });
}

void Norm::run(float* x, const float* residual, float* out, std::size_t rows, std::size_t stride,
               kernels::ThreadPool& pool) const {
  const std::size_t width = gamma.size();
  share_rows(rows, width, pool, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {  // a row at a time, while it is in the cache
      float* from = x + row * stride;
      if (residual != nullptr) kernels::ops::add_row(residual + row * stride, width, from);
      normalize(*this, std::copy_n(from, width, out + row * stride) - width, nullptr, 1, stride);
    }
  });
}

void add_rows(float* x, const float* residual, std::size_t width, std::size_t rows, std::size_t stride,
              kernels::ThreadPool& pool) {
  share_rows(rows, width, pool, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {
      kernels::ops::add_row(residual + row * stride, width, x + row * stride);
    }
  });
}

void multiply_rows(float* x, const float* factor, std::size_t width, std::size_t rows, std::size_t stride,
                   kernels::ThreadPool& pool) {
  share_rows(rows, width, pool, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {
      kernels::ops::multiply(factor + row * stride, width, x + row * stride);
    }
  });
}

}  // namespace bertrt::engine::packed
