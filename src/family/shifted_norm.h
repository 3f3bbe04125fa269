#pragma once

#include <deque>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// Gemma stores the gamma of its norms less one: gives it that one. @param made  holds the values; its elements stay
/// where they are
void add_one(Weight& gamma, std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
