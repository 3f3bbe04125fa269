#pragma once

#include <cstddef>
#include <span>

#include "engine/packed/description.h"
#include "engine/packed/encoder_weights.h"
#include "engine/packed/slice.h"
#include "engine/packed/workspace.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// What is wanted of a slice.
struct SliceRequest {
  std::size_t first_layer = 0;  ///< hidden states of the layers from this one on; the number of layers: of none
  /// Where none: the rows of the slice that the last layer is computed for, ascending; may be empty.
  std::span<const std::size_t> last_rows;
};

/// Takes a layer's rows, `stride` values apart: [tokens, hidden], or [last_rows, hidden] where no hidden states are
/// wanted.
using LayerSink = kernels::FunctionRef<void(std::size_t layer, const float* rows, std::size_t stride)>;

/// The forward pass from ids to hidden states, without padding. Immutable; const calls may run on many threads, each
/// with a workspace of its own.
class Encoder {
 public:
  Encoder(EncoderDescription description, EncoderWeights weights)
      : description_(std::move(description)), weights_(std::move(weights)) {}

  /// @param sink  called for each layer that is wanted, as soon as it is there
  void run(const Slice& slice, const SliceRequest& request, LayerSink sink, Workspace& workspace,
           kernels::ThreadPool& pool) const;

  const EncoderDescription& description() const noexcept { return description_; }
  const EncoderWeights& weights() const noexcept { return weights_; }

 private:
  EncoderDescription description_;
  EncoderWeights weights_;
};

}  // namespace bertrt::engine::packed
