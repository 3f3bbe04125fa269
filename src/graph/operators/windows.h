#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "graph/call.h"

namespace bertrt::graph {

/// How a window goes over one axis.
struct Window {
  std::int64_t size = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;

  /// How many places it takes on an axis of `length`; -1 when it does not fit. @throws Error runtime for numbers that
  /// are no window
  std::int64_t places(const Call& call, std::int64_t length, bool ceil = false) const;
  /// Where the i-th element of the window's n-th place stands on the axis; below 0 or beyond the end in the padding.
  std::int64_t place(std::int64_t n, std::int64_t i) const { return n * stride - padding + i * dilation; }
  /// The first and last + 1 element of its n-th place that stand on an axis of `length`: a window may be far wider.
  std::pair<std::int64_t, std::int64_t> inside(std::int64_t n, std::int64_t length) const {
    const std::int64_t start = place(n, 0);
    const std::int64_t first = start >= 0 ? 0 : (dilation - 1 - start) / dilation;
    return {first, start >= length ? first : std::min(size, (length - 1 - start) / dilation + 1)};
  }
};

/// The i-th of a list that has one number for all axes or one for each.
std::int64_t number_of(const Call& call, const Sizes& list, std::size_t i, std::size_t axes);

}  // namespace bertrt::graph
