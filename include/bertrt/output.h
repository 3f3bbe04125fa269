#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bertrt/export.h"

namespace bertrt {

/// A dense row-major matrix that owns its values.
struct Matrix {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> data;  ///< [rows, cols]

  std::span<const float> row(std::size_t index) const { return {data.data() + index * cols, cols}; }
};

/// A dense batch that owns its values; made by TokenRows::padded() only, never by accident.
struct PaddedTensor {
  std::size_t batch = 0;
  std::size_t sequence = 0;  ///< the longest text's number of tokens
  std::size_t width = 0;
  std::vector<float> data;  ///< [batch, sequence, width]
};

/// One vector for each token of each text of a batch, text after text, with no padding between them.
///
/// Padding at the end of an encoding (attention_mask 0, what EncodeOptions::pad_to puts in) has no row: text i has a
/// row for each token up to its last one with attention_mask 1, so that token indexes stay the encoding's own. A
/// zero elsewhere in the mask is honoured and keeps its row.
///
/// Owns its values; a view is valid as long as the object it was taken from. For one text the data is
/// [sequence, width].
class BERTRT_API TokenRows {
 public:
  TokenRows() = default;
  /// @param row_offsets  [batch + 1]: text i has rows row_offsets[i] … row_offsets[i + 1]; shared between layers
  /// @param data         [row_offsets.back(), width]
  TokenRows(std::shared_ptr<const std::vector<std::size_t>> row_offsets, std::size_t width, std::vector<float> data);

  std::size_t batch_size() const noexcept { return row_offsets_ ? row_offsets_->size() - 1 : 0; }
  std::size_t total_tokens() const noexcept { return row_offsets_ ? row_offsets_->back() : 0; }
  std::size_t width() const noexcept { return width_; }
  /// Tokens of one text, padding left out. @throws Error invalid_argument
  std::size_t sequence(std::size_t text) const;

  /// All rows: [total_tokens, width].
  std::span<const float> data() const noexcept { return data_; }
  /// [batch + 1] first rows.
  std::span<const std::size_t> row_offsets() const noexcept;
  /// One text's rows: [sequence, width]. @throws Error invalid_argument
  std::span<const float> text(std::size_t index) const;
  /// One token's vector: [width]. @throws Error invalid_argument
  std::span<const float> row(std::size_t text, std::size_t token) const;
  /// A dense copy [batch, longest, width], `fill` where a text has no token.
  PaddedTensor padded(float fill = 0.0F) const;

 private:
  std::shared_ptr<const std::vector<std::size_t>> row_offsets_;
  std::size_t width_ = 0;
  std::vector<float> data_;
};

/// What to compute. The default gives what an encoder gives; a head's logits are asked for.
struct RunRequest {
  /// Every layer's output, not the last one's alone (which is always there when `hidden_states` is on).
  bool all_encoder_layers = true;
  /// Hidden states at all; off computes the head only.
  bool hidden_states = true;
  bool pooled_output = true;
  /// The head's logits, where the model has a head.
  bool logits = true;
  /// For a head that gives logits for each token: the rows that are wanted, as flat rows of the batch
  /// (TokenRows::row_offsets) in any order. Empty: all.
  std::vector<std::size_t> logit_rows = {};
};

/// What a run gives. A part that the model does not have, or that was not asked for, is empty.
struct EncoderOutput {
  /// [i] is the output of layer i + 1, embeddings excluded, so back() is the last hidden state (Hugging Face's
  /// `hidden_states` has one more, the embeddings, in front). A trace that returns only the last layer gives one.
  std::vector<TokenRows> all_encoder_layers;
  /// [batch, hidden].
  std::optional<Matrix> pooled_output;
  /// A head for each token (masked-lm, token classification): [logit_rows or total_tokens, classes]; a head for
  /// each text (sequence classification): [batch, classes].
  std::optional<Matrix> logits;
  /// Question answering: width 1.
  std::optional<TokenRows> start_logits;
  std::optional<TokenRows> end_logits;

  /// all_encoder_layers.back(). @throws Error unsupported when the model's file gives no hidden states
  BERTRT_API const TokenRows& last_hidden_state() const;
};

}  // namespace bertrt
