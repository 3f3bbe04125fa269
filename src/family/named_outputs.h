#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bertrt/output.h"
#include "family/lengths.h"
#include "family/recognize.h"

namespace bertrt::family {

/// Gives outputs the roles that the file has names for, where every step of their computation was not read: a name that
/// the shape agrees with says more than a shape alone. Hidden states then are layers in the file's own order.
/// @param roles   of the method's outputs, in its order; a tuple among them is one, whose items share the role
/// @param length  one that the program is right at
void name_outputs(std::span<const OutputRole> roles, const Lengths& lengths, std::size_t length,
                  std::vector<OutputPlan>& plans);

}  // namespace bertrt::family
