#pragma once

#include <optional>
#include <string>
#include <vector>

#include "family/encoder_match.h"
#include "family/recognize.h"

namespace bertrt::family {

/// What each output of the method is, by the data flow in one instance; heads that are dense layers on what an encoder
/// gives are added to `heads`.
/// @param encoder  null where none was recognized: then a layer norm on a residual sum is a hidden state, by its shape
std::vector<OutputPlan> find_roles(const Instance& instance, const MatchedEncoder* encoder,
                                   std::vector<HeadSpec>& heads);

}  // namespace bertrt::family
