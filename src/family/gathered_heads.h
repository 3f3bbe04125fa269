#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// Makes a dense layer whose heads of `size` rows begin `step` rows apart one of these heads alone, side by side. A
/// bias that is as long already stays.
/// @param dense  [(heads - 1) * step + size, in]
/// @param made  holds the values; its elements stay where they are
void gather_heads(Dense& dense, std::size_t heads, std::size_t size, std::size_t step,
                  std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
