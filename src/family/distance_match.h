#pragma once

#include <cstdint>
#include <optional>

#include "family/encoder_spec.h"
#include "family/heads_match.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// A term of attention's scores: products of queries (or keys) with a stored row for each distance between the two.
struct AppliedDistances {
  Weight table;         ///< DistanceSpec::table
  AppliedHeads tokens;  ///< queries or keys, which are multiplied with the rows
  bool by_key = false;
  double scale = 1;  ///< of the products
};

/// @param term  [texts, heads, queries, keys], heads of `size` values
std::optional<AppliedDistances> find_distances(const Instance& instance, const Probe& probe, const Ref& term,
                                               std::int64_t heads, std::int64_t size);

}  // namespace bertrt::family
