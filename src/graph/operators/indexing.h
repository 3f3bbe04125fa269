#pragma once

#include "graph/call.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

/// The places of elements that are not 0: [count, rank]. The size depends on values, which the run is told.
/// @throws Error unsupported where the values are not known
Tensor places_of(Call& call, const Tensor& a);

void add_advanced_indexing(Table& table);

/// A view with one of each that an expanded axis repeats.
inline Tensor distinct(const Tensor& a) {
  Sizes sizes = a.sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = a.strides()[i] == 0 ? 1 : sizes[i];
  return a.view_as(sizes, a.strides(), a.offset());
}

}  // namespace bertrt::graph
