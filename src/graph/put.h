#pragma once

#include <cstddef>

#include "graph/operators/loops.h"
#include "graph/tensor.h"

namespace bertrt::graph {

/// Writes one value of a contiguous tensor that is being filled, in the tensor's type: true or false into one of
/// truths.
template <typename T>
void put(const Tensor& tensor, std::size_t at, T value) {
  if (tensor.type() == ElementType::boolean) {
    tensor.mutable_data<std::uint8_t>()[at] = value != 0 ? 1 : 0;
  } else {
    with_type(tensor.type(), [&]<typename To>() { tensor.mutable_data<To>()[at] = convert<To>(value); });
  }
}

}  // namespace bertrt::graph
