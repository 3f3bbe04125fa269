#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "family/config_reader.h"
#include "family/encoder_spec.h"

namespace bertrt::family {

struct CheckpointConfig;

/// What only the config.json of a family with rotary positions has (ModernBERT, EuroBERT, NomicBERT, GTE).
struct RotaryConfig {
  std::vector<RotarySpec> ways;           ///< of turning queries and keys
  std::vector<std::size_t> way_of_layer;  ///< [layers], which one
  std::vector<std::size_t> windows;       ///< [layers], LayerSpec::window
  std::size_t longest = 0;                ///< tokens of a text
  /// What says so, for people.
  std::string longest_why = "max_position_embeddings in config.json";
  std::size_t head_size = 0;   ///< 0: the hidden size over the heads
  bool causal = false;         ///< EncoderSpec::causal
  std::size_t key_heads = 0;   ///< heads of keys and values; each is shared by heads / key_heads of the queries'
  bool attention_bias = true;  ///< of query, key, value
  bool out_bias = true;        ///< of the projection behind attention
  bool ffn_bias = true;        ///< of the layers that the feed-forward begins with
  bool ffn_out_bias = true;
  bool norm_bias = true;
  double score_divisor = 0;       ///< EmbeddingGemma's: scores are divided by its square root; 0: a head's size
  bool plain_ffn = false;         ///< NomicBERT's: without a gate
  std::size_t experts = 0;        ///< of the layers that have them; 0: none
  std::size_t chosen = 0;         ///< of these for a token
  std::size_t experts_every = 0;  ///< the second of each so many layers has them
  /// Of a classifier of texts: what it reads.
  HeadSpec::Reads pooling = HeadSpec::Reads::first_token;
  std::optional<std::int64_t> padding_id = {};              ///< HeadSpec's, of a decoder
  bool token_bias = true;                                   ///< of a decoder's classifier of tokens
  Activation classifier_activation = Activation::gelu_erf;  ///< of a dense layer in front of a classifier or decoder
  bool classifier_bias = true;                              ///< of that layer
  bool decoder_bias = true;
};

/// @throws Error unsupported
void read_rotary(ConfigKeys& keys, const std::string& where, CheckpointConfig& config);

}  // namespace bertrt::family
