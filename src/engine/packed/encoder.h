#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "engine/packed/encoder_weights.h"
#include "engine/packed/slice.h"
#include "engine/packed/workspace.h"
#include "family/encoder_spec.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// What is wanted of a slice. *State* 0 is what the first layer reads (the embeddings, normalized and projected), state
/// i the output of layer i, counted from 1; the last one's behind the final norm, where there is one.
struct SliceRequest {
  std::span<const std::size_t> states;  ///< whose rows are wanted, all of them; ascending
  /// Where the last state is not among them: the rows of the slice that it is computed for, ascending; may be empty.
  std::span<const std::size_t> last_rows;
};

/// Takes a state's rows, `stride` values apart: [tokens, hidden], or [last_rows, hidden] of the last state where it is
/// wanted for those alone.
using StateSink = kernels::FunctionRef<void(std::size_t state, const float* rows, std::size_t stride)>;

/// The forward pass from ids to hidden states, without padding. Immutable; const calls may run on many threads, each
/// with a workspace of its own.
class Encoder {
 public:
  /// @param weights  packed by now
  explicit Encoder(std::unique_ptr<const EncoderWeights> weights) : weights_(std::move(weights)) {}

  /// Runs no layer further than what is wanted.
  /// @param sink  called for each state that is wanted, as soon as it is there, in order
  void run(const Slice& slice, const SliceRequest& request, StateSink sink, Workspace& workspace,
           kernels::ThreadPool& pool) const;

  const EncoderWeights& weights() const noexcept { return *weights_; }
  std::size_t layers() const noexcept { return weights_->layers.size(); }

 private:
  struct Run;
  void embed_slice(const Slice& slice, float* wide, float* hidden, Workspace& workspace,
                   kernels::ThreadPool& pool) const;

  std::unique_ptr<const EncoderWeights> weights_;
};

/// An encoder by itself. Nothing of the bytes behind the spec is kept.
/// @param dtype  of the layers' products; the rest is fp32
/// @throws Error model_mismatch, unsupported
std::unique_ptr<const Encoder> pack_encoder(const family::EncoderSpec& spec, DType dtype, kernels::ThreadPool& pool);

}  // namespace bertrt::engine::packed
