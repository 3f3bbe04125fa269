#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bertrt::family {

/// The bucket of a distance key - query as T5 has them (Raffel et al. 2020): half of them for each direction; in each
/// half the first half exact, the rest on a log scale. @param buckets  at least 4  @param max_distance  above a quarter
/// of them
std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance);

/// RelativeBiasSpec::rows for texts of up to `limit` tokens.
std::vector<std::int32_t> relative_rows(std::size_t limit, std::size_t buckets, std::size_t max_distance);

}  // namespace bertrt::family
