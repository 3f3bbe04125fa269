#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "engine/packed/encoder_weights.h"
#include "engine/packed/norm.h"
#include "engine/packed/row_table.h"
#include "engine/packed/workspace.h"
#include "kernels/linear.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// What stands on an encoder and turns rows into logits: rows → [dense, activation] → [norm] → output layer, for
/// every head of the family.
///
/// Immutable: const calls may run on many threads, each with a workspace of its own.
class Head {
 public:
  /// Which rows it reads, and what its logits belong to.
  enum class Kind {
    token,  ///< any token's row: masked-lm, token classification
    text,   ///< the first token's row of each text: sequence classification, next sentence
    span,   ///< every token's row, two logits each: question answering
  };

  /// The head that `file` has for its task; it shares the encoder's weights where they are tied. nullopt: it has none.
  /// @throws Error model_mismatch, unsupported
  static std::optional<Head> load(const model::ModelFile& file, const EncoderDescription& description,
                                  const EncoderWeights& weights, kernels::ThreadPool& pool);

  Kind kind() const noexcept { return kind_; }
  std::size_t classes() const noexcept { return decoder_ ? decoder_->rows() : output_->out(); }

  /// @param rows    [count, hidden]
  /// @param logits  [count, classes()]
  void run(const float* rows, std::size_t count, float* logits, Workspace& workspace, kernels::ThreadPool& pool) const;

 private:
  Head() = default;
  static Head load_masked_lm(const model::ModelFile& file, const EncoderDescription& description,
                             const EncoderWeights& weights, kernels::ThreadPool& pool);
  static Head load_classifier(const model::ModelFile& file, const EncoderDescription& description,
                              const EncoderWeights& weights);

  Kind kind_ = Kind::token;
  std::shared_ptr<const kernels::Linear> dense_;  ///< null: none; may be the encoder's pooler
  kernels::Activation activation_ = kernels::Activation::none;
  std::optional<Norm> norm_;
  float layer_norm_eps_ = 0;
  std::shared_ptr<const kernels::Linear> output_;  ///< or
  std::shared_ptr<const RowTable> decoder_;  ///< [vocabulary, width], the encoder's own word embeddings where tied
  std::vector<float> decoder_bias_;
};

}  // namespace bertrt::engine::packed
