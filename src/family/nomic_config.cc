#include "family/nomic_config.h"

#include <cmath>
#include <string>

#include "family/rotary_frequencies.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;

// Without them the code falls back on GPT-2's, which no model of the kind has.
std::size_t wanted(ConfigKeys& keys, std::string_view key, std::string_view other) {
  if (keys.take({key, other}) == nullptr) keys.refuse(key, "a whole number from 1 on", Json());
  return keys.size({key, other}, 0);
}

std::size_t up_to_multiple(std::size_t value, std::size_t of) { return (value + of - 1) / of * of; }

void read_sizes(ConfigKeys& keys, CheckpointConfig& config) {
  config.hidden = wanted(keys, "n_embd", "hidden_size");
  config.layers = config.stored_layers = wanted(keys, "n_layer", "num_hidden_layers");
  config.heads = wanted(keys, "n_head", "num_attention_heads");
  config.positions = wanted(keys, "n_positions", "max_position_embeddings");
  const std::size_t rows = keys.size({"pad_vocab_size_multiple"}, 1);
  config.vocabulary = up_to_multiple(wanted(keys, "vocab_size", "vocab_size"), rows);
  config.types = keys.size({"type_vocab_size"}, 2, 0);
  config.embedding = config.hidden;
  const Json* inner = keys.take({"n_inner", "intermediate_size"});
  const bool said = inner != nullptr && !inner->is_null();
  constexpr std::size_t kMultiple = 256;  // of a gated feed-forward
  config.intermediate =
      up_to_multiple(said ? keys.size({"n_inner", "intermediate_size"}, 0) : 8 * config.hidden / 3, kMultiple);
  constexpr std::size_t kMaxLayers = 4096;
  if (config.layers > kMaxLayers) keys.refuse("n_layer", "at most 4096", config.layers);
  if (config.hidden % config.heads != 0) {
    keys.refuse("n_head", "a number that divides n_embd, " + std::to_string(config.hidden), config.heads);
  }
  constexpr std::size_t kLargestHead = std::size_t{1} << 16U;
  if (config.hidden / config.heads > kLargestHead)
    keys.refuse("n_embd", "heads of at most 65536 values", config.hidden);
}

// Of its attention; longer texts than it was trained on widen the base, where there is a factor.
RotarySpec read_rotary(ConfigKeys& keys, CheckpointConfig& config) {
  const auto head = static_cast<double>(config.hidden / config.heads);
  const double turned = head * keys.number("rotary_emb_fraction", 0, 1.0001);
  const bool even = turned >= 2 && turned <= head && std::floor(turned / 2) * 2 == turned;
  if (!even) keys.refuse("rotary_emb_fraction", "a part of each head that is an even number of values", turned / head);
  const double base = keys.number("rotary_emb_base", 10000, 1e30);
  if (base == 0) keys.refuse("rotary_emb_base", "a number above 0", base);
  RotarySpec spec{rotary_frequencies(base, static_cast<std::size_t>(turned))};
  keys.must_be("rotary_emb_interleaved", false, "pairs half of a head apart");
  keys.must_be("rotary_head_dim", false, "positions that turn");
  keys.must_be("rotary_emb_scale_base", Json(), "no scale");
  const std::size_t trained = keys.size({"max_trained_positions"}, 2048);
  const Json* scaling = keys.take("rotary_scaling_factor");
  if (scaling == nullptr || scaling->is_null() || *scaling == 0) return spec;
  const double factor = keys.number("rotary_scaling_factor", 1, 1e30);
  if (factor < 1 || turned <= 2) keys.refuse("rotary_scaling_factor", "a number from 1 on, or none", *scaling);
  spec.growth = RotaryGrowth{trained, base, factor};
  return spec;
}

void refuse_other_kinds(ConfigKeys& keys, const CheckpointConfig& config) {
  for (const std::string_view key : {"prenorm", "parallel_block", "use_rms_norm", "causal", "norm_mlp"}) {
    keys.must_be(key, false, "layers of nomic-embed-text-v1");
  }
  const Json* experts = keys.take("num_experts");
  if (experts != nullptr && !experts->is_null() && *experts != 0) keys.refuse("num_experts", "no experts", *experts);
  const Json* shared = keys.take("num_heads_kv");
  if (shared != nullptr && !shared->is_null() && *shared != config.heads) {
    keys.refuse("num_heads_kv", "as many heads of keys as of queries", *shared);
  }
  // Training, how Python runs, and GPT-2's settings that this code does not read.
  for (const std::string_view key : {"attn_pdrop",
                                     "embd_pdrop",
                                     "resid_pdrop",
                                     "parallel_block_tied_norm",
                                     "fused_bias_fc",
                                     "fused_dropout_add_ln",
                                     "use_flash_attn",
                                     "use_xentropy",
                                     "dense_seq_output",
                                     "last_layer_subset",
                                     "reorder_and_upcast_attn",
                                     "scale_attn_by_inverse_layer_idx",
                                     "scale_attn_weights",
                                     "summary_activation",
                                     "summary_first_dropout",
                                     "summary_proj_to_labels",
                                     "summary_type",
                                     "summary_use_proj",
                                     "add_pooling_layer",
                                     "n_ctx"}) {
    keys.take(key);
  }
}

}  // namespace

bool is_published_nomic(ConfigKeys& keys) { return keys.take("n_embd") != nullptr; }

void read_published_nomic(ConfigKeys& keys, CheckpointConfig& config) {
  read_sizes(keys, config);
  const std::string activation = keys.text({"activation_function"}, "gelu_new");
  if (activation != "swiglu" && activation != "geglu") {
    keys.refuse("activation_function", R"("swiglu" or "geglu")", activation);
  }
  config.activation = config.layer_activation = activation == "swiglu" ? Activation::silu : Activation::gelu_erf;
  config.layer_norm_eps = static_cast<float>(keys.number("layer_norm_epsilon", 1e-5, 1));
  keys.flag("tie_word_embeddings", true);  // its code ties them whatever the file says

  RotaryConfig& own = config.rotary.emplace();
  own.key_heads = config.heads;
  own.longest = config.positions;
  own.longest_why = "n_positions in config.json";
  own.way_of_layer.assign(config.layers, 0);
  own.windows.assign(config.layers, 0);
  own.attention_bias = own.out_bias = keys.flag("qkv_proj_bias", true);
  own.ffn_bias = own.classifier_bias = own.decoder_bias = keys.flag("mlp_fc1_bias", true);
  own.ffn_out_bias = keys.flag("mlp_fc2_bias", true);
  own.ways = {read_rotary(keys, config)};
  refuse_other_kinds(keys, config);
}

}  // namespace bertrt::family
