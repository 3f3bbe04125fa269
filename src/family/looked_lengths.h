#pragma once

#include <cstddef>
#include <set>

#include "graph/program.h"

namespace bertrt::family {

/// Numbers that stand in the code, and sizes of small tensors: where a model could begin to behave in another way.
std::set<std::size_t> landmarks(const graph::Program& program, std::size_t limit);

/// Lengths at which the program has to be the same encoder again, up to `limit`, and to `marks_to` where there are
/// marks.
std::set<std::size_t> other_lengths(const graph::Program& program, std::size_t limit, std::size_t marks_to,
                                    bool thorough);

}  // namespace bertrt::family
