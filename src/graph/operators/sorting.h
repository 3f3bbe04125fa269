#pragma once

#include "graph/operators/common.h"

namespace bertrt::graph {

struct Sorted {
  Tensor values;
  Tensor places;
};

/// In which order equal values come. Where nothing says, libtorch's is that of the standard library's algorithms
/// (libstdc++'s, as ours), the same in every run: pairs of a value and its place, compared by their values.
enum class Ties : std::uint8_t {
  stable,    ///< as they stood
  sort,      ///< as std::sort leaves them
  top,       ///< as topk does: a partial sort of few of many, else the largest first, then these sorted
  unsorted,  ///< the same, and those of topk(sorted=False) as they come
};

/// The first `count` of each row of an axis in order; NaN is the largest.
Sorted sorted(Call& call, const Tensor& a, std::int64_t axis, std::int64_t count, bool descending,
              Ties ties = Ties::stable);

}  // namespace bertrt::graph
