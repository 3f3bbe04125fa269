#pragma once

#include <algorithm>
#include <vector>

#include "graph/operators/common.h"

namespace bertrt::graph {

/// A reduction's shapes: the axes that stay, and those that go.
struct Reduced {
  Sizes kept;              ///< sizes of the axes that stay
  Sizes kept_strides;      ///< of the argument
  Sizes gone;              ///< sizes of the axes that go
  Sizes gone_strides;      ///< of the argument
  Sizes result;            ///< the result's sizes, with 1 for the axes that go if they are kept
  std::int64_t count = 1;  ///< elements that become one
};

/// @param axes  wrapped; empty: all
Reduced reduce_axes(const Tensor& tensor, const std::vector<std::int64_t>& axes, bool keep);

/// For each element of the result in row-major order: body(index, first, steps) … where the elements of it are visited
/// by each(index, offset).
template <typename Begin, typename Each, typename End>
void for_each_reduced(const Reduced& shape, Begin begin, Each each, End end) {
  const Sizes rows = contiguous_strides(shape.kept);
  const Sizes counter = contiguous_strides(shape.gone);
  walk<2>(shape.kept, {&rows, &shape.kept_strides}, [&](std::int64_t n, const auto& at, const auto& step) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t index = at[0] + i * step[0];
      const std::int64_t base = at[1] + i * step[1];
      begin(index);
      walk<2>(shape.gone, {&counter, &shape.gone_strides}, [&](std::int64_t m, const auto& from, const auto& by) {
        for (std::int64_t j = 0; j < m; ++j) each(from[0] + j * by[0], base + from[1] + j * by[1]);
      });
      end(index);
    }
  });
}

}  // namespace bertrt::graph
