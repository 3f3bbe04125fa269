#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "family/encoder_spec.h"
#include "family/heads_match.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// A term of attention's scores that depends on the distance between query and key and on one of the two (DeBERTa).
struct AppliedPositions {
  DisentangledSpec positions;  ///< rows for the distances that the probe's texts have
  Dense dense;                 ///< of the table's rows
  AppliedHeads tokens;         ///< queries or keys, which are multiplied with them
  bool by_key = false;         ///< keys read the rows, else queries
  double scale = 1;            ///< of the products
};

/// @param term  [texts * heads, queries, keys], heads of `size` values: for each query and key one of the products of
///              the query with a table's rows, or of the key, chosen by their distance alone
std::optional<AppliedPositions> find_positions(const Instance& instance, const Probe& probe, const Ref& term,
                                               std::int64_t heads, std::int64_t size);

}  // namespace bertrt::family
