#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>

#include "family/length_look.h"
#include "graph/program.h"

namespace bertrt::family {

/// What of the traced length stands in a program's code as a number, as what Python's len(), item() and int() give
/// does: told by two looks at it, since what is the same in both is not computed from the length.
/// @param traced  the look at the traced length
/// @param moves  whether an instruction's numbers move with the length, as still other looks show; asked only of those
///               that would be named
/// @return what and where, for people; empty: nothing was found
std::string written_length(const graph::Program& program, const LengthLook& traced, const LengthLook& other,
                           const std::function<bool(std::size_t instruction)>& moves);

/// Instructions whose places, slices, beginnings or numbers differ between two looks.
std::set<std::size_t> moved_numbers(const LengthLook& one, const LengthLook& other);

}  // namespace bertrt::family
