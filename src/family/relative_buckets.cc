#include "family/relative_buckets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace bertrt::family {

std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance) {
  const std::size_t half = buckets / 2;
  const std::size_t first = distance > 0 ? half : 0;
  const auto far = static_cast<std::size_t>(std::abs(distance));
  const std::size_t exact = half / 2;
  if (far < exact) return first + far;
  // In fp32 and in this order, as the models compute it: the borders between buckets depend on the rounding.
  const float scaled = std::log(static_cast<float>(far) / static_cast<float>(exact)) /
                       static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact))) *
                       static_cast<float>(half - exact);
  return first + std::min(half - 1, exact + static_cast<std::size_t>(scaled));
}

std::vector<std::int32_t> relative_rows(std::size_t limit, std::size_t buckets, std::size_t max_distance) {
  std::vector<std::int32_t> rows;
  for (std::size_t i = 0; i + 1 < 2 * limit; ++i) {
    const auto distance = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(limit - 1);
    rows.push_back(static_cast<std::int32_t>(relative_bucket(distance, buckets, max_distance)));
  }
  return rows;
}

}  // namespace bertrt::family
