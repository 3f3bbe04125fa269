#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bertrt::engine::packed {

/// Some neighbouring texts of a batch: what goes through all layers at a time, so that the memory of a pass is bounded
/// and its activations stay in the cache. Views of the batch.
struct Slice {
  std::span<const std::size_t> offsets;          ///< [texts + 1] rows of the batch
  std::span<const std::int32_t> input_ids;       ///< [tokens]
  std::span<const std::int32_t> token_type_ids;  ///< [tokens] or empty
  std::span<const std::int32_t> attention_mask;  ///< [tokens] or empty
  std::span<const std::int32_t> position_ids;    ///< [tokens] or empty

  std::size_t texts() const noexcept { return offsets.size() - 1; }
  std::size_t tokens() const noexcept { return offsets.back() - offsets.front(); }
  std::size_t first_row() const noexcept { return offsets.front(); }
  std::size_t begin(std::size_t text) const noexcept { return offsets[text] - offsets.front(); }
  std::size_t length(std::size_t text) const noexcept { return offsets[text + 1] - offsets[text]; }
};

}  // namespace bertrt::engine::packed
