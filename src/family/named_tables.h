#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// The groups of families that name and join their layers alike.
enum class EncoderLayout {
  bert,
  distilbert,
  albert,
  mpnet,
  rembert,
  prelayernorm,  ///< RoBERTa-PreLayerNorm
  xlm_roberta_xl,
  megatron,
  modernbert,
  eurobert,
  nomic,
  gte,
  jina_v3,    ///< jina-embeddings-v3 without its adapters
  jina,       ///< JinaBERT: jina-embeddings-v2
  jina_code,  ///< JinaBERT with norms of queries and keys: jina-embeddings-v2-base-code
  esm,
  roformer,
  gemma,  ///< Gemma 3 as an encoder: EmbeddingGemma
  qwen,   ///< Qwen3-Embedding
  deberta,
  deberta_v2,
};

/// What a checkpoint can have on its encoder.
enum class HeadKind {
  masked_lm,
  next_sentence,
  sentence_order,  ///< ALBERT's pretraining: [2], in order or swapped
  replaced_token,  ///< ELECTRA's discriminator: one number a token
  sequence_classification,
  token_classification,
  question_answering,  ///< two numbers a token: start, end
  multiple_choice,     ///< one number a text, softmax over the choices
};

/// "masked-lm", "next-sentence", …; a bundle's manifest calls tasks the same.
std::string_view to_string(HeadKind kind) noexcept;

/// What a group of families calls an encoder's weights, below the prefix that all of them have in a file.
///
/// Below a layer's prefix, "#" stands for the stored layer's number. Empty: the group has no such weight.
struct EncoderNames {
  std::string_view layer;       ///< "encoder.layer.#."
  std::string_view query = {};  ///< below the layer; likewise up to ffn_norm
  std::string_view key = {};
  std::string_view value = {};
  std::string_view attention_out;
  std::string_view attention_norm;
  std::string_view ffn_in = {};
  std::string_view ffn_out;
  std::string_view ffn_norm;
  std::string_view projection = {};     ///< embedding size → hidden size
  std::string_view relative_bias = {};  ///< [buckets, heads]
  std::string_view pooler = {};
  std::string_view words = "embeddings.word_embeddings";
  std::string_view embedding_norm = "embeddings.LayerNorm";
  std::string_view qkv = {};         ///< query, key and value in one, in place of the three
  std::string_view ffn_gate = {};    ///< LayerSpec::ffn_gate
  std::string_view ffn_both = {};    ///< ffn_in and ffn_gate in one, in place of the two
  bool gate_first = false;           ///< in ffn_both, the gate's rows stand first
  std::string_view final_norm = {};  ///< behind the last layer
  std::string_view distances = {};   ///< DistanceSpec::table, where positions are "relative_key"
  std::string_view query_norm = {};  ///< LayerSpec::query_norm; with it go key_norm and second_norm
  std::string_view key_norm = {};
  std::string_view second_norm = {};
  std::string_view attention_out_norm = {};
  std::string_view ffn_out_norm = {};

  /// A layer's prefix.
  std::string layer_prefix(std::size_t stored_layer) const;
};

/// What a group calls the layers of a masked-lm head: dense, activation, norm, decoder.
struct MaskedLmNames {
  std::string_view dense;
  std::string_view norm;
  std::string_view decoder;  ///< its weight may be left out where it is tied to the word embeddings; empty: it is these
  std::string_view bias;     ///< the decoder's bias, where it is a parameter of the head itself
  bool model_activation = true;  ///< the encoder's own activation; else exact GELU
};

/// A classifier: [dense, activation] and an output layer.
struct ClassifierNames {
  HeadSpec::Reads reads = HeadSpec::Reads::first_token;
  std::string_view dense;  ///< empty: none
  Activation activation = Activation::none;
  std::string_view output;
  std::string_view norm = {};  ///< behind the activation; empty: none
  bool bias = true;            ///< of the output layer
};

inline constexpr std::string_view kPositionEmbeddings = "embeddings.position_embeddings.weight";
inline constexpr std::string_view kTypeEmbeddings = "embeddings.token_type_embeddings.weight";

/// The word embeddings' weight, below the prefix.
std::string word_embeddings(EncoderLayout layout);

/// @param layout  none of the DeBERTas, whose names are in deberta.cc
const EncoderNames& encoder_names(EncoderLayout layout) noexcept;
/// @param old_decoder  DeBERTa's "legacy"
MaskedLmNames masked_lm_names(std::string_view model_type, bool old_decoder = true) noexcept;
/// The classifier of another head. @param kind  not masked_lm
ClassifierNames classifier_names(HeadKind kind, std::string_view model_type) noexcept;

}  // namespace bertrt::family
