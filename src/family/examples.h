#pragma once

#include <vector>

#include "graph/program.h"
#include "graph/torchscript/read_program.h"

namespace bertrt::family {

/// Which of the examples that a trace records is whose. The file stores them in forward's order or in that of the
/// caller's dict, without a word which (TracedExample), so every order is tried: where the program runs at the
/// examples' shapes and types in one way only, that is the one. Examples of one shape and type are one kind, whichever
/// is whose.
/// @return for each input an example; empty: none fits, several do, or there are too many to try
std::vector<const graph::torchscript::TracedInput*> assign_examples(
    const graph::Program& program, const std::vector<graph::torchscript::TracedInput>& examples);

}  // namespace bertrt::family
