#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bertrt::family {

/// The bucket of a distance key - query as T5 has them (Raffel et al. 2020): half of them for each direction; in each
/// half the first half exact, the rest on a log scale. @param buckets  at least 4  @param max_distance  above a quarter
/// of them
std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance);

/// RelativeBiasSpec::rows for texts of up to `limit` tokens.
std::vector<std::int32_t> relative_rows(std::size_t limit, std::size_t buckets, std::size_t max_distance);

/// DisentangledSpec::rows of a table [2 span, hidden]: DeBERTa's distances query - key, the first half of `buckets`
/// exact, the rest on a log scale. @param buckets  0: all distances are exact, up to the span
/// @throws Error unsupported where no end of the buckets is in sight; `where` is for its message
std::vector<std::int32_t> disentangled_rows(std::size_t span, std::size_t buckets, std::size_t max_distance,
                                            const std::string& where);

}  // namespace bertrt::family
