#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// What a group of families calls an encoder's weights, below the prefix that all of them have in a file.
///
/// Below a layer's prefix, "#" stands for the stored layer's number. Empty: the group has no such weight.
struct EncoderNames {
  std::string_view layer;  ///< "encoder.layer.#."
  std::string_view query;  ///< below the layer; likewise up to ffn_norm
  std::string_view key;
  std::string_view value;
  std::string_view attention_out;
  std::string_view attention_norm;
  std::string_view ffn_in;
  std::string_view ffn_out;
  std::string_view ffn_norm;
  std::string_view projection;     ///< embedding size → hidden size
  std::string_view relative_bias;  ///< [buckets, heads]
  std::string_view pooler;

  /// A layer's prefix.
  std::string layer_prefix(std::size_t stored_layer) const;
};

/// What a group calls the layers of a masked-lm head: dense, activation, norm, decoder.
struct MaskedLmNames {
  std::string_view dense;
  std::string_view norm;
  std::string_view decoder;      ///< its weight may be left out where it is tied to the word embeddings
  std::string_view bias;         ///< the decoder's bias, where it is a parameter of the head itself
  bool model_activation = true;  ///< the encoder's own activation; else exact GELU
};

/// A classifier: [dense, activation] and an output layer.
struct ClassifierNames {
  HeadSpec::Reads reads = HeadSpec::Reads::first_token;
  std::string_view dense;  ///< empty: none
  Activation activation = Activation::none;
  std::string_view output;
};

inline constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";
inline constexpr std::string_view kPositionEmbeddings = "embeddings.position_embeddings.weight";
inline constexpr std::string_view kTypeEmbeddings = "embeddings.token_type_embeddings.weight";
inline constexpr std::string_view kEmbeddingNorm = "embeddings.LayerNorm";

std::span<const EncoderNames> encoder_names() noexcept;
std::span<const MaskedLmNames> masked_lm_names() noexcept;
/// For a manifest's task; null when it has no such head.
const ClassifierNames* classifier_names(std::string_view task, std::string_view architecture) noexcept;

}  // namespace bertrt::family
