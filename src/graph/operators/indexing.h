#pragma once

#include "graph/call.h"
#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

/// The places of elements that are not 0: [count, rank]. The size depends on values, which the run is told.
/// @throws Error unsupported where the values are not known
Tensor places_of(Call& call, const Tensor& a);

void add_advanced_indexing(Table& table);

// ---- of operators that read or write where indices say

/// The index, counted from the front. @throws Error runtime where it lies outside
std::int64_t checked_index(const Call& call, std::int64_t index, std::int64_t size, bool negative_allowed);
/// @throws Error runtime for other than whole numbers of 32 or 64 bits
Sizes index_values(const Call& call, const Tensor& index);
/// Whether indices fit a tensor: as many axes, none longer than its own but `axis`, which may be unless it is a source.
void check_gather(const Call& call, const Tensor& a, const Tensor& index, std::int64_t axis, bool source);

/// For each place of `index`: body(its place in row-major order, its offset in `a` with the axis' index in place).
template <typename Body>
void for_each_gathered(const Call& c, const Tensor& a, const Tensor& index, std::int64_t axis, Body body) {
  const Sizes values = index_values(c, index);
  const Sizes counter = contiguous_strides(index.sizes());
  Sizes strides(index.sizes().size(), 0);
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (a.rank() != 0 && static_cast<std::int64_t>(i) != axis) strides[i] = a.strides()[i];
  }
  const std::int64_t size = a.rank() == 0 ? 1 : a.size(axis);
  const std::int64_t stride = a.rank() == 0 ? 0 : a.stride(axis);
  walk<2>(index.sizes(), {&counter, &strides}, [&](std::int64_t n, const auto& at, const auto& step) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t place = at[0] + i * step[0];
      const std::int64_t row = checked_index(c, values[static_cast<std::size_t>(place)], size, false);
      body(place, at[1] + i * step[1] + row * stride);
    }
  });
}

}  // namespace bertrt::graph
