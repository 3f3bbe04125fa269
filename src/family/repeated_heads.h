#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// Makes a dense layer of `heads` heads one of `heads * times`: each head `times` times, side by side, as as many heads
/// of queries read it. @param made  holds the values; its elements stay where they are
void repeat_heads(Dense& dense, std::size_t heads, std::size_t times, std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
