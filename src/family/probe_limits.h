#pragma once

#include <cstddef>

#include "family/probe.h"
#include "graph/program.h"

namespace bertrt::family {

/// Which of a program's tables `ids`, `types` and `positions` are looked up in bound them; what is looked up in none is
/// tried. Evaluates it for a text of `length` tokens.
ProbeLimits probe_limits(const graph::Program& program, std::size_t length);

}  // namespace bertrt::family
