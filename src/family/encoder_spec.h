#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/tensor.h"

namespace bertrt::family {

/// A stored tensor, or a strided part of one (a transposed matrix, a third of a fused one), under the name that it has
/// in its file, for messages. The file's bytes must outlive it.
struct Weight {
  std::string name;
  archive::TensorView tensor;
};

/// y = x weightᵀ + bias.
struct Dense {
  Weight weight;                    ///< [out, in]
  std::optional<Weight> bias = {};  ///< [out]
  std::size_t out() const { return static_cast<std::size_t>(weight.tensor.shape[0]); }
  std::size_t in() const { return static_cast<std::size_t>(weight.tensor.shape[1]); }
};

struct LayerNorm {
  Weight gamma;                     ///< [width]
  std::optional<Weight> beta = {};  ///< [width]
  float eps = 0;
  bool centred = true;  ///< false: by the root of the mean square alone (RMSNorm)
};

enum class Activation {
  none,
  gelu_erf,   ///< x/2 (1 + erf(x/√2))
  gelu_tanh,  ///< x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
  relu,
  tanh,
  silu,  ///< x / (1 + exp(-x))
};

/// How positions are counted when the caller brings none.
enum class PositionScheme {
  none,      ///< no table of positions
  absolute,  ///< first + 0, 1, 2, …
  counted,   ///< RoBERTa's: padding_id + 1, + 2, …, tokens that are padding_id skipped (they get padding_id)
};

/// Which keys a query sees.
enum class MaskKind {
  none,   ///< all of them: the model takes no mask
  keys,   ///< those whose attention_mask is not 0
  pairs,  ///< the same, and a token whose own is 0 starts as zeros and sees all of its text's tokens evenly (DeBERTa)
};

/// A learned bias of scores for each distance and head, distances of one bucket sharing a row (MPNet).
struct RelativeBiasSpec {
  Weight table;  ///< [buckets, heads]
  /// The table's row for a distance key - query, at distance + limit - 1 where limit is the longest text:
  /// [2 limit - 1].
  std::vector<std::int32_t> rows;
};

/// A base of frequencies that widens in texts longer than those that the frequencies hold for.
struct RotaryGrowth {
  std::size_t length;  ///< the longest text that has the spec's frequencies
  double base;         ///< of those
  double factor;       ///< at least 1

  bool operator==(const RotaryGrowth&) const = default;
};

/// Pairs of a head's values, `frequencies.size()` apart, are turned by the token's position times the pair's frequency;
/// what stands behind the pairs stays as it is (rotary positions).
struct RotarySpec {
  std::vector<float> frequencies;  ///< radians a token; at most half of a head's values
  float factor = 1;                ///< of sine and cosine
  /// Where a file has them: each position's sines, then its cosines, in place of what frequencies give:
  /// [positions, 2 pairs]; or empty.
  std::vector<float> table = {};
  bool values = false;  ///< values are turned as well as queries and keys
  std::optional<RotaryGrowth> growth = {};

  bool operator==(const RotarySpec&) const = default;
};

/// Scores that depend on the distance between query and key and on what stands there (DeBERTa): the query's product
/// with a row for the distance, projected as keys are, and the key's with the same row, projected as queries are. Both
/// are scaled as the products of query and key.
struct DisentangledSpec {
  Weight table;                   ///< [rows, hidden]
  std::optional<LayerNorm> norm;  ///< of its rows
  /// The table's row for a distance query - key, at distance + reach - 1: [2 reach - 1], never descending. Distances
  /// beyond have the rows at its ends.
  std::vector<std::int32_t> rows;
};

/// Scores that depend on the distance between query and key and on what the query is (BERT's "relative_key"): its
/// product with a row for the distance. All heads have the same rows.
struct DistanceSpec {
  /// The row for a distance query - key, at distance + reach - 1: [2 reach - 1, head size]. Longer texts are not taken.
  Weight table;
  bool by_key = false;  ///< the key's product with the same row is added as well ("relative_key_query")
  float scale = 1;      ///< of both
};

/// A convolution over neighbouring tokens of what the first layer reads, zeros beyond a text's ends; added to what that
/// layer gives, and normalized (DeBERTa-v2). Where the model takes a mask, it is zero for tokens whose
/// attention_mask is 0, and so is the sum.
struct ConvolutionSpec {
  Weight weight;  ///< [hidden, hidden / groups, tokens]; an odd number of tokens
  Weight bias;    ///< [hidden]
  Activation activation = Activation::tanh;
  LayerNorm norm;
};

/// Rows of words are scaled by kept / (1 - the text's share of tokens that are `id`), and those of `id` are zeros (ESM:
/// masked tokens were dropped in training, so that other texts have to be made as small as those were).
struct DroppedToken {
  std::int64_t id = 0;
  float kept = 1;  ///< share of tokens that training kept
};

struct Embeddings {
  Weight words;                     ///< [vocabulary, width]
  std::optional<Weight> positions;  ///< [positions, width]; nothing where the scheme is none
  std::optional<Weight> types;      ///< [types, width]
  PositionScheme position_scheme = PositionScheme::absolute;
  std::int64_t first_position = 0;  ///< absolute: of the first token
  std::int64_t padding_id = 0;      ///< counted: the id that is skipped
  bool takes_types = true;          ///< false: all tokens are of `fixed_type`, whatever the caller brings
  std::int64_t fixed_type = 0;      ///< also where the caller brings none
  std::optional<LayerNorm> norm;
  std::optional<Dense> projection;  ///< width → hidden, after the norm (ELECTRA, ALBERT)
  std::optional<DroppedToken> dropped;
  float scale = 1;           ///< of the words' rows
  bool zero_masked = false;  ///< rows of tokens whose attention_mask is 0 are zeros for the first layer
  bool norm_last = false;    ///< the norm stands behind the projection, and is as wide as the layers (DeBERTa)
};

/// One of the feed-forwards of a layer that has several.
struct ExpertSpec {
  Dense in;   ///< [inner, hidden]
  Dense out;  ///< [hidden, inner]
};

/// A feed-forward of experts: each token's row goes through those that a router gives the most for.
struct ExpertsSpec {
  Dense router;            ///< [experts, hidden]; the softmax of what it gives is the experts' shares
  std::size_t chosen = 0;  ///< experts for a row
  std::vector<ExpertSpec> experts;
  Weight bias;  ///< [hidden], added to the sum of what they give, each times its share
};

/// Self-attention and feed-forward network, each with a residual sum and a norm: behind the sum, or in front of the
/// part (EncoderSpec::norm_first).
struct LayerSpec {
  Dense query, key, value;              ///< [attention width, hidden]
  float scale = 0;                      ///< of the products of query and key, before the bias
  std::optional<Dense> position_key;    ///< [hidden, hidden]: of EncoderSpec::disentangled's rows, read by queries
  std::optional<Dense> position_query;  ///< likewise, read by keys
  /// Of all heads' queries as one row, or as wide as a head and of each by itself; likewise key_norm.
  std::optional<LayerNorm> query_norm;
  std::optional<LayerNorm> key_norm;
  std::optional<DistanceSpec> distances;
  std::size_t rotary = 0;  ///< which of EncoderSpec::rotary turns queries and keys; as many as there are: none
  std::size_t window = 0;  ///< a query sees the keys at most so many tokens away; 0: all
  Dense attention_out;     ///< [hidden, attention width]
  /// Of what attention gives, before it is added; only where norms come first.
  std::optional<LayerNorm> attention_out_norm;
  std::optional<LayerNorm> attention_norm;  ///< nothing for none; only where norms come first
  /// The layer's input is added once more behind attention_norm, and normalized by this; only where norms come last.
  std::optional<LayerNorm> second_norm;
  std::optional<ExpertsSpec> experts;  ///< in place of ffn_in, ffn_gate and ffn_out, which are empty then
  Dense ffn_in;
  Activation activation = Activation::gelu_erf;
  std::optional<Dense> ffn_gate;  ///< what stands behind the activation is multiplied with this of the same input
  Dense ffn_out;
  std::optional<LayerNorm> ffn_out_norm;  ///< as attention_out_norm, of what the feed-forward gives
  LayerNorm ffn_norm;
};

/// What model is this, read once: from a graph by recognition, from a configuration by names.
struct EncoderSpec {
  std::string architecture;  ///< Hugging Face's model_type where a file says so; for people alone
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t head = 0;  ///< values of a head; 0: hidden / heads
  bool causal = false;   ///< a token sees itself and those before it; then no window, and no scores of positions
  MaskKind mask = MaskKind::keys;
  Embeddings embeddings;
  std::vector<RotarySpec> rotary;  ///< those that layers name
  std::optional<RelativeBiasSpec> relative_bias;
  /// What a head's scores lose for each token that a key is away from its query (ALiBi, in both directions): [heads],
  /// or empty.
  std::vector<float> slopes;
  std::optional<DisentangledSpec> disentangled;
  std::optional<ConvolutionSpec> convolution;
  std::vector<LayerSpec> layers;        ///< shared ones repeat: the same weights
  bool norm_first = false;              ///< norms stand in front of attention and feed-forward, in every layer
  std::optional<LayerNorm> final_norm;  ///< of the last layer's output
  std::optional<Dense> pooler;          ///< on the first token of the last layer, with tanh
  /// The longest text in tokens; 0: as many as the table of positions reaches, no limit where there is none.
  std::size_t max_length = 0;

  std::size_t head_size() const noexcept { return head != 0 ? head : hidden / heads; }
  /// Of all heads together.
  std::size_t attention_width() const noexcept { return heads * head_size(); }
};

/// [dense, activation, norm] and an output layer. An output whose weight is the word embeddings' is tied to them.
struct HeadSpec {
  enum class Reads {
    tokens,       ///< every token's row of the last layer
    first_token,  ///< the first token's row of each text
    pooled,       ///< the pooled output
    mean,         ///< the mean of the rows of a text's tokens whose attention_mask is not 0
    late,         ///< every such token's row; the text's logits are the mean of theirs
    last_token,   ///< the row of each text's last token that is not `padding_id`; its first where all are
  };
  Reads reads = Reads::tokens;
  std::optional<std::int64_t> padding_id = {};  ///< of last_token; none: the last token counts, whatever it is
  std::optional<Dense> dense = {};
  Activation activation = Activation::none;  ///< of `dense`
  std::optional<LayerNorm> norm = {};
  Dense output = {};
};

}  // namespace bertrt::family
