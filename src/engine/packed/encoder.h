#pragma once

#include <cstddef>
#include <span>

#include "engine/packed/description.h"
#include "engine/packed/encoder_weights.h"
#include "engine/packed/slice.h"
#include "engine/packed/thread_pool.h"
#include "engine/packed/workspace.h"

namespace bertrt::engine::packed {

/// Where a slice's results go.
struct SliceResults {
  /// [layers]: [tokens, hidden] of the caller's for each layer, or null for one that nobody wants; empty: none wanted.
  std::span<float* const> layers;
  /// Rows of the slice that the last layer is computed for, ascending; used when its entry in `layers` is null.
  std::span<const std::size_t> last_rows;
  float* last = nullptr;  ///< [last_rows, hidden]
};

/// The forward pass from ids to hidden states, without padding. Immutable; const calls may run on many threads, each
/// with a workspace of its own.
class Encoder {
 public:
  Encoder(EncoderDescription description, EncoderWeights weights)
      : description_(std::move(description)), weights_(std::move(weights)) {}

  void run(const Slice& slice, const SliceResults& results, Workspace& workspace, ThreadPool& pool) const;

  const EncoderDescription& description() const noexcept { return description_; }
  const EncoderWeights& weights() const noexcept { return weights_; }

 private:
  EncoderDescription description_;
  EncoderWeights weights_;
};

}  // namespace bertrt::engine::packed
