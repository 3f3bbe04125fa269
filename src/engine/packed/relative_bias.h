#pragma once

#include <cstddef>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::engine::packed {

/// MPNet's bias of attention scores by the distance between query and key, a value a head, spread out over all
/// distances so that a row of scores adds a stretch of it.
///
/// Distances fall into buckets as T5 has them (Raffel et al. 2020): half of them for each direction; in each half the
/// first half exact, the rest on a log scale up to the spec's longest distance.
class RelativeBias {
 public:
  RelativeBias() = default;
  /// @throws Error model_mismatch
  RelativeBias(const family::RelativeBiasSpec& spec, std::size_t heads, std::size_t max_length);

  bool empty() const noexcept { return values_.empty(); }
  /// A head's values, at distance key - query = 0: [-(max_length - 1)] … [max_length - 1] and a vector more.
  const float* head(std::size_t index) const noexcept { return values_.data() + index * stride_ + max_length_ - 1; }

 private:
  std::size_t max_length_ = 0;
  std::size_t stride_ = 0;
  std::vector<float> values_;  ///< [heads, stride_]
};

/// The bucket of a distance key - query. @param buckets  at least 4  @param max_distance  above a quarter of them
std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance);

}  // namespace bertrt::engine::packed
