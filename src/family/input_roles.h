#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "graph/program.h"

namespace bertrt::family {

/// Gives inputs that the model's author called otherwise (ids, mask, x) their standard names, by what becomes of their
/// values in one run at `length` tokens:
///
///   looked up in a table as they are   input_ids: that of the largest table, which has to be twice as large as the
///                                      next; token_type_ids: at most 16 rows; position_ids: called so ("pos")
///   looked up in none                  attention_mask: called so ("mask", "att", but not "pad"); for other names see
///                                      read_trace()
///
/// A name that is taken already is not given again, and what fits none or several keeps its own.
/// @return what was named so, one finding each
std::vector<std::string> name_inputs(graph::Program& program, std::size_t length);

}  // namespace bertrt::family
