#pragma once

#include <cstddef>
#include <span>

#include "batch/batch.h"

namespace bertrt::engine::packed {

/// Some texts of a batch, in any order: what goes through all layers at a time, so that the memory of a pass is bounded
/// and its activations stay in the cache. Its rows are its texts' tokens, one text behind the other. A view.
struct Slice {
  const batch::Batch& batch;
  std::span<const std::size_t> texts;    ///< numbers of the batch's texts
  std::span<const std::size_t> offsets;  ///< [texts + 1] rows of the slice; the first is 0

  std::size_t size() const noexcept { return texts.size(); }
  std::size_t tokens() const noexcept { return offsets.back(); }
  std::size_t begin(std::size_t text) const noexcept { return offsets[text]; }
  std::size_t length(std::size_t text) const noexcept { return offsets[text + 1] - offsets[text]; }
  /// The row of the batch at which the slice's text begins.
  std::size_t batch_row(std::size_t text) const { return (*batch.row_offsets)[texts[text]]; }
};

}  // namespace bertrt::engine::packed
