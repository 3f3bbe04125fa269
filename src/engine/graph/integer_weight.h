#pragma once

#include <memory>
#include <optional>
#include <span>

#include "graph/tensor.h"
#include "kernels/linear.h"

namespace bertrt::engine::graph {

/// The weight of a quantized layer: integers that stand for scale * (integer - zero point), by one of both or by one a
/// row.
struct IntegerWeight {
  const bertrt::graph::Tensor& integers;  ///< [out, in] of int8
  const bertrt::graph::Tensor& scales;    ///< [1] or [out] of float32; likewise zero_points
  const bertrt::graph::Tensor& zero_points;

  /// Whether types, shapes and layouts are as above, row-major.
  bool regular() const;
  /// Whether every zero point is 0.
  bool centred() const;
  /// As a layer that multiplies integers by integers. @pre regular() and centred()
  std::unique_ptr<const kernels::Linear> pack(std::span<const float> bias) const;
  /// As a layer in fp32 of what the integers stand for. @pre regular()
  std::unique_ptr<const kernels::Linear> pack_numbers(std::span<const float> bias) const;

 private:
  std::size_t by(std::size_t row) const { return scales.size(0) == 1 ? 0 : row; }
};

/// What a quantized layer's input is rounded over: graph::integer_range() of all its values. Nothing where one is no
/// finite number.
std::optional<kernels::InputGrid> grid_of(std::span<const float> values, bool reduce_range);

}  // namespace bertrt::engine::graph
