#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/packed/encoder_weights.h"
#include "engine/packed/norm.h"
#include "engine/packed/packer.h"
#include "engine/packed/row_table.h"
#include "engine/packed/workspace.h"
#include "family/encoder_spec.h"
#include "kernels/linear.h"

namespace bertrt::engine::packed {

/// What stands on an encoder and turns rows into logits: rows → [dense, activation] → [norm] → output layer, in fp32.
///
/// Immutable: const calls may run on many threads, each with a workspace of its own.
class Head {
 public:
  using Reads = family::HeadSpec::Reads;

  /// Checks the spec and gives its weights to the packer: whole when the packer has run, and not moved until then. An
  /// output that is tied to the word embeddings shares their table; another that is as large is kept as they are.
  /// @throws Error model_mismatch, unsupported
  static std::unique_ptr<Head> prepare(const family::HeadSpec& spec, const EncoderWeights& encoder, Packer& packer);

  Reads reads() const noexcept { return reads_; }
  /// HeadSpec::padding_id.
  std::optional<std::int64_t> padding_id() const noexcept { return padding_id_; }
  std::size_t classes() const noexcept { return classes_; }

  /// @param rows    [count, width], of what it reads: the last state or the pooled output
  /// @param logits  [count, classes()]
  void run(const float* rows, std::size_t count, float* logits, Workspace& workspace, kernels::ThreadPool& pool) const;

 private:
  Reads reads_ = Reads::tokens;
  std::optional<std::int64_t> padding_id_;
  std::size_t width_ = 0;
  std::size_t classes_ = 0;
  std::shared_ptr<const kernels::Linear> dense_;  ///< null: none
  kernels::Activation activation_ = kernels::Activation::none;
  std::optional<Norm> norm_;
  std::shared_ptr<const kernels::Linear> output_;  ///< or
  std::shared_ptr<const RowTable> decoder_;        ///< [vocabulary, width]
  std::vector<float> decoder_bias_;
};

}  // namespace bertrt::engine::packed
