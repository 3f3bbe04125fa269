#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

/// What an output of a model is. Told from the way it is computed, or from the name that the model's maker gave it,
/// never guessed: what cannot be told is `other`.
enum class OutputRole {
  hidden_state,   ///< a layer's output, [tokens, hidden]
  pooled_output,  ///< the pooler's, [hidden]: a dense layer and tanh on the first token of the last layer
  token_logits,   ///< a head's for each token, [tokens, classes] or [tokens]
  text_logits,    ///< a head's for each text, [classes] or one number
  start_logits,   ///< question answering: where an answer begins, [tokens]
  end_logits,     ///< and where it ends, [tokens]
  other,          ///< anything else: attentions, normalized vectors, probabilities, …
};

/// The name as written above.
BERTRT_API std::string_view to_string(OutputRole role) noexcept;
template <>
BERTRT_API std::optional<OutputRole> parse(std::string_view name) noexcept;

/// How an output's role is known, weakest first, so that they can be compared.
enum class Evidence {
  none,      ///< it is not: the role is `other`
  by_shape,  ///< its shape is that of a hidden state, or it is a linear map with a row for each token or text
  by_name,   ///< the trace's dict keys, a bundle's manifest or a checkpoint's weights call it so, and its shape agrees
  recognized,  ///< every step of its computation was read and is that of the role
};

/// "none", "by shape", "by name", "recognized".
BERTRT_API std::string_view to_string(Evidence evidence) noexcept;
template <>
BERTRT_API std::optional<Evidence> parse(std::string_view name) noexcept;

/// One thing that a model gives for each text.
struct OutputInfo {
  std::string name;  ///< the trace's own: dict keys and positions joined by dots ("hidden_states.3"), "0" for the first
  OutputRole role = OutputRole::other;  ///< what it is, as far as that is known
  Evidence evidence = Evidence::none;   ///< how well `role` is known
  /// For one text (no batch axis). -1: the text's tokens, or a size that is not known before a run.
  std::vector<std::int64_t> shape;
  /// Whether EncoderOutput::more has it, instead of the member that is called after its role.
  bool in_more = false;
  /// Whether the model's file does not return it: the layers of a recognized trace, and its pooler.
  bool added = false;
};

/// A dense row-major matrix that owns its values.
struct Matrix {
  std::size_t rows = 0;     ///< vectors
  std::size_t cols = 0;     ///< values of each
  std::vector<float> data;  ///< [rows, cols]

  /// [cols], a view of one row; `index` below `rows`.
  std::span<const float> row(std::size_t index) const { return {data.data() + index * cols, cols}; }
};

/// A dense batch that owns its values; made by TokenRows::padded() only, never by accident.
struct PaddedTensor {
  std::size_t batch = 0;     ///< texts
  std::size_t sequence = 0;  ///< the longest text's number of tokens
  std::size_t width = 0;     ///< values for each token
  std::vector<float> data;   ///< [batch, sequence, width]
};

/// One vector for each token of each text of a batch, text after text, with no padding between them.
///
/// Padding at the end of an encoding (attention_mask 0, what EncodeOptions::pad_to puts in) has no row: text i has a
/// row for each token up to its last one with attention_mask 1 (RunRequest::padding_rows: for each), so that token
/// indexes stay the encoding's own. A zero elsewhere in the mask is honoured and keeps its row.
///
/// Owns its values; a view is valid as long as the object it was taken from. For one text the data is
/// [sequence, width].
class BERTRT_API TokenRows {
 public:
  TokenRows() = default;
  /// @param row_offsets  [batch + 1], from 0 on, ascending: text i has rows row_offsets[i] … row_offsets[i + 1]; shared
  /// @param data         [row_offsets.back(), width]. @throws Error invalid_argument where the two are not as said
  TokenRows(std::shared_ptr<const std::vector<std::size_t>> row_offsets, std::size_t width, std::vector<float> data);

  /// Texts.
  std::size_t batch_size() const noexcept { return row_offsets_ ? row_offsets_->size() - 1 : 0; }
  /// Rows of all texts together.
  std::size_t total_tokens() const noexcept { return row_offsets_ ? row_offsets_->back() : 0; }
  /// Values of a row.
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

  /// All rows [total_tokens, width] without a copy; leaves this object empty:
  /// std::move(output.all_encoder_layers.back()).take()
  std::vector<float> take() &&;

 private:
  std::shared_ptr<const std::vector<std::size_t>> row_offsets_;
  std::size_t width_ = 0;
  std::vector<float> data_;
};

/// A token of a batch.
struct TokenPlace {
  std::size_t text = 0;   ///< index in the batch
  std::size_t token = 0;  ///< below the text's tokens, padding not counted
  friend bool operator==(const TokenPlace&, const TokenPlace&) = default;
};

/// What to compute. The default gives the last hidden state and the pooled output; the rest is asked for.
struct RunRequest {
  /// Every layer's output, not the last one's alone (which is always there when `hidden_states` is on).
  bool all_encoder_layers = false;
  /// Hidden states at all; off computes the head only.
  bool hidden_states = true;
  /// The pooled output, where the model has a pooler.
  bool pooled_output = true;
  /// The heads' logits: token_logits, text_logits, start_logits and end_logits, where the model has them.
  bool logits = false;
  /// Everything else that the model gives: EncoderOutput::more.
  bool more = false;
  /// Rows also for tokens with attention_mask 0 at the end of an encoding: nothing looks at them, but they look at the
  /// others (a ColBERT query's expansion). They are computed like any other token.
  bool padding_rows = false;
  /// The tokens whose token_logits are wanted, in any order, also more than once. Empty: all.
  std::vector<TokenPlace> logit_tokens = {};

  /// All that a model gives.
  static RunRequest everything() {
    return {.all_encoder_layers = true, .hidden_states = true, .pooled_output = true, .logits = true, .more = true};
  }
};

/// A dense row-major tensor of one text.
struct TextTensor {
  std::vector<std::size_t> shape;  ///< no batch axis; empty for a single number
  std::vector<float> data;         ///< integers and truth values as floats
};

/// An output of a model that EncoderOutput has no member for: one that has no role, or a second one of a role.
struct ModelOutput {
  std::string name;                     ///< OutputInfo::name
  OutputRole role = OutputRole::other;  ///< what it is, as far as that is known
  std::vector<TextTensor> texts;        ///< one for each text of the batch
};

/// What a run gives. A part that the model does not have, or that was not asked for, is empty.
/// SessionInfo::outputs says what a model can give, in this order.
struct EncoderOutput {
  /// [i] is the output of layer i + 1, embeddings excluded, so back() is the last hidden state (Hugging Face's
  /// `hidden_states` has one more, the embeddings, in front). A trace that returns only the last layer gives one.
  std::vector<TokenRows> all_encoder_layers;
  /// [batch, hidden].
  std::optional<Matrix> pooled_output;
  /// A head for each token (masked-lm, token classification). A row for each token; where the request names tokens,
  /// text i has one row for each of its own that were named, in the order they were named in: row(i, k) is the k-th.
  std::optional<TokenRows> token_logits;
  /// A head for each text (sequence classification): [batch, classes].
  std::optional<Matrix> text_logits;
  /// Question answering: width 1.
  std::optional<TokenRows> start_logits;
  /// See start_logits.
  std::optional<TokenRows> end_logits;
  /// Everything else, in the model's order.
  std::vector<ModelOutput> more;

  /// all_encoder_layers.back(). @throws Error unsupported when the model's file gives no hidden states
  BERTRT_API const TokenRows& last_hidden_state() const;
};

}  // namespace v0
}  // namespace bertrt
