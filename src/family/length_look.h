#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "family/shares.h"
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

  /// What is taken out of an axis by its place: the last one of them.
  struct Place {
    std::int64_t size = 0;  ///< of the axis
    std::int64_t last = 0;
  };

  /// @throws Error what evaluate() throws
  LengthLook(const graph::Program& program, std::span<const graph::Value> arguments, std::size_t length);

  std::size_t length = 0;
  // By instruction.
  std::map<std::size_t, Slice> slices;
  std::map<std::size_t, Place> places;
  std::map<std::size_t, Share> shares;
  std::map<std::size_t, std::int64_t> starts;  ///< what arange begins with
  std::vector<graph::Sizes> outputs;           ///< flattened
  bool baked_strides = false;
  bool mean_of_nothing = false;  ///< which is no number
};

}  // namespace bertrt::family
