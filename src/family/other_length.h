#pragma once

#include <cstddef>
#include <vector>

#include "graph/program.h"

namespace bertrt::family {

/// A program with its traced length as it would stand in it had it been traced at another one: the number in sizes,
/// slices and ranges, and tables of CONSTANTS and of whole numbers that are as long cut to it. Guesses, the likelier
/// first: the number can also mean a head's size. None of them says that the program is right at that length; what runs
/// and gives another answer says what the length does.
std::vector<graph::Program> traced_at(const graph::Program& program, std::size_t traced, std::size_t length);

}  // namespace bertrt::family
