#include "engine/graph/fast_products.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/ops/rows.h"

namespace bertrt::engine::graph {

using bertrt::graph::ElementType;
using bertrt::graph::Tensor;

namespace {

// Where a matrix of a stack of them begins: `index` counts all axes but the last two.
std::int64_t begin_of(const Tensor& stack, std::int64_t index) {
  std::int64_t offset = 0;
  for (std::int64_t axis = stack.rank() - 2; axis-- > 0;) {
    offset += index % stack.size(axis) * stack.stride(axis);
    index /= stack.size(axis);
  }
  return offset;
}

// Row-major [rows, columns] of strided values.
void pack_rows(const float* from, std::int64_t rows, std::int64_t columns, std::int64_t row_step,
               std::int64_t column_step, float* to) {
  for (std::int64_t row = 0; row < rows; ++row, to += columns) {
    const float* at = from + row * row_step;
    if (column_step == 1) {
      std::copy_n(at, columns, to);
    } else {
      for (std::int64_t column = 0; column < columns; ++column) to[column] = at[column * column_step];
    }
  }
}

}  // namespace

bool products(const Tensor& a, const Tensor& b, bertrt::graph::Value& result, kernels::ThreadPool& pool) {
  const std::int64_t rank = a.rank();
  if (b.rank() != rank || !std::equal(a.sizes().begin(), a.sizes().end() - 2, b.sizes().begin())) return false;
  const std::int64_t m = a.size(rank - 2);
  const std::int64_t k = a.size(rank - 1);
  const std::int64_t n = b.size(rank - 1);
  bertrt::graph::Sizes sizes = a.sizes();
  sizes.back() = n;
  const Tensor made = Tensor::make(ElementType::float32, sizes);
  const auto count = static_cast<std::size_t>(made.elements() / (m * n));
  const std::size_t shares = std::min(count, pool.threads());
  pool.run(shares, [&](std::size_t share) {
    std::vector<float> left(static_cast<std::size_t>(m * k));
    std::vector<float> right(static_cast<std::size_t>(n * k));
    for (std::size_t i = share; i < count; i += shares) {
      const auto index = static_cast<std::int64_t>(i);
      pack_rows(a.data<float>() + begin_of(a, index), m, k, a.stride(rank - 2), a.stride(rank - 1), left.data());
      pack_rows(b.data<float>() + begin_of(b, index), n, k, b.stride(rank - 1), b.stride(rank - 2), right.data());
      kernels::ops::row_dot(left.data(), static_cast<std::size_t>(m), static_cast<std::size_t>(k), right.data(),
                            static_cast<std::size_t>(n), nullptr, made.mutable_data<float>() + index * m * n,
                            static_cast<std::size_t>(n));
    }
  });
  result = made;
  return true;
}

}  // namespace bertrt::engine::graph
