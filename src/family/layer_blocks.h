#pragma once

#include <string>

#include "family/layer_match.h"

namespace bertrt::family {

/// Which of a layer's blocks no encoder of the family has beside each other; empty: it can be one.
std::string odd_blocks(const AppliedLayer& layer);

}  // namespace bertrt::family
