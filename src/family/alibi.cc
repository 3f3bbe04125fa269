#include "family/alibi.h"

#include <bit>
#include <cmath>

namespace bertrt::family {

std::vector<float> alibi_slopes(std::size_t heads) {
  std::vector<float> slopes;
  const auto add = [&](std::size_t power, std::size_t step) {  // as Python: in doubles, rounded at the end
    const double first = std::exp2(-8.0 / static_cast<double>(power));
    for (std::size_t i = 0; i < power && slopes.size() < heads; i += step) {
      slopes.push_back(static_cast<float>(first * std::pow(first, static_cast<double>(i))));
    }
  };
  const std::size_t below = std::bit_floor(heads);
  add(below, 1);
  add(2 * below, 2);
  return slopes;
}

}  // namespace bertrt::family
