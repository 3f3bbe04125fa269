#pragma once

#include <cstddef>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::engine::packed {

/// MPNet's bias of attention scores by the distance between query and key, a value a head, spread out over all
/// distances so that a row of scores adds a stretch of it.
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

}  // namespace bertrt::engine::packed
