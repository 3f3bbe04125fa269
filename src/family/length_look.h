#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "graph/program.h"
#include "graph/value.h"

namespace bertrt::family {

/// One evaluation of a program's shapes and integer values at a length, and what of it may have a length written into
/// it.
struct LengthLook {
  /// A slice along one axis: the places [first, end) of it, as the code says them.
  struct Slice {
    graph::Sizes from;
    std::size_t axis = 0;
    std::int64_t first = 0;
    std::int64_t end = 0;

    std::int64_t size() const { return from[axis]; }
    /// It says where it ends, at the last element or behind it.
    bool reaches_the_end() const { return end >= size() && end != std::numeric_limits<std::int64_t>::max(); }
  };

  /// @throws Error what evaluate() throws
  LengthLook(const graph::Program& program, std::span<const graph::Value> arguments, std::size_t length);

  std::size_t length = 0;
  std::map<std::size_t, Slice> slices;   ///< by instruction
  std::map<std::size_t, double> shares;  ///< by instruction: what a sum over as many values as tokens is divided by
  std::vector<graph::Sizes> outputs;     ///< flattened
  bool baked_strides = false;
  bool mean_of_nothing = false;  ///< which is no number
};

}  // namespace bertrt::family
