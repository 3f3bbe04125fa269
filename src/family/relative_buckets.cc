#include "family/relative_buckets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "bertrt/error.h"

namespace bertrt::family {
namespace {

// Of a distance that is not negative; a negative one's is the negative of it. In fp32 and in this order, as above.
std::ptrdiff_t log_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance) {
  const auto exact = static_cast<std::ptrdiff_t>(buckets / 2);
  if (buckets == 0 || distance <= exact) return distance;
  const auto longest = static_cast<float>(static_cast<double>(max_distance - 1) / static_cast<double>(exact));
  const float scaled = std::log(static_cast<float>(distance) / static_cast<float>(exact)) / std::log(longest) *
                       static_cast<float>(exact - 1);
  return static_cast<std::ptrdiff_t>(std::ceil(scaled) + static_cast<float>(exact));
}

}  // namespace

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

std::vector<std::int32_t> disentangled_rows(std::size_t span, std::size_t buckets, std::size_t max_distance,
                                            const std::string& where) {
  constexpr std::size_t kFarthest = std::size_t{1} << 20U;
  if (span == 0 || span > kFarthest || (buckets != 0 && (buckets < 4 || max_distance < buckets / 2 + 2))) {
    throw Error(ErrorCode::unsupported, where,
                "up to 2^20 positions, and a longest distance beyond half of the buckets",
                std::to_string(span) + " and " + std::to_string(max_distance));
  }
  const auto end = static_cast<std::ptrdiff_t>(span);
  std::vector<std::ptrdiff_t> ahead;  // buckets of distances 0, 1, 2, … up to the one where all are the last
  do {
    if (ahead.size() > kFarthest) {
      throw Error(ErrorCode::unsupported, where, "buckets that end within 2^20 tokens",
                  std::to_string(buckets) + " up to a distance of " + std::to_string(max_distance));
    }
    ahead.push_back(std::min(end, log_bucket(static_cast<std::ptrdiff_t>(ahead.size()), buckets, max_distance)));
  } while (ahead.back() != end);
  std::vector<std::int32_t> rows;
  for (std::size_t i = ahead.size(); i-- > 1;) rows.push_back(static_cast<std::int32_t>(end - ahead[i]));
  for (const std::ptrdiff_t bucket : ahead)
    rows.push_back(static_cast<std::int32_t>(std::min(2 * end - 1, end + bucket)));
  return rows;
}

}  // namespace bertrt::family
