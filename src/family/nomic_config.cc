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

void read_sizes(ConfigKeys& keys, bool gated, CheckpointConfig& config) {
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
  if (gated) {
    constexpr std::size_t kMultiple = 256;
    config.intermediate =
        up_to_multiple(said ? keys.size({"n_inner", "intermediate_size"}, 0) : 8 * config.hidden / 3, kMultiple);
  } else {
    config.intermediate = said ? keys.size({"n_inner", "intermediate_size"}, 0) : 4 * config.hidden;
  }
  if (config.layers > kMaxLayers) keys.refuse("n_layer", "at most 4096", config.layers);
  if (config.hidden % config.heads != 0) {
    keys.refuse("n_head", "a number that divides n_embd, " + std::to_string(config.hidden), config.heads);
  }
  if (config.hidden / config.heads > kLargestHead)
    keys.refuse("n_embd", "heads of at most 65536 values", config.hidden);
}

// Of its attention; longer texts than it was trained on widen the base, where there is a factor.
RotarySpec read_turns(ConfigKeys& keys, CheckpointConfig& config) {
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

// nomic-embed-text-v2-moe's; experts are chosen by their shares of the router's softmax, as they are.
void read_experts(ConfigKeys& keys, RotaryConfig& own) {
  const std::size_t count = keys.size({"num_experts"}, 0, 0);
  const std::size_t chosen = keys.size({"moe_top_k"}, 0, 0);
  const std::size_t every = keys.size({"moe_every_n_layers"}, 0, 0);
  keys.must_be("moe_normalize_expert_weights", false, "shares as the router gives them");
  keys.must_be("expert_choice_router", false, "tokens that choose their experts");
  keys.must_be("num_shared_experts", 0, "no expert for all tokens");
  keys.must_be("ffn_div", 1, "experts as wide as other feed-forwards");
  if (every == 0) return;
  constexpr std::size_t kMostExperts = 4096;
  if (count == 0 || count > kMostExperts) keys.refuse("num_experts", "a number from 1 to 4096", count);
  if (chosen == 0 || chosen > count) keys.refuse("moe_top_k", "a number from 1 to the experts'", chosen);
  own.experts = count;
  own.chosen = chosen;
  own.experts_every = every;
}

void refuse_other_kinds(ConfigKeys& keys, const CheckpointConfig& config) {
  for (const std::string_view key : {"prenorm", "parallel_block", "use_rms_norm", "causal", "norm_mlp"}) {
    keys.must_be(key, false, "layers of nomic-embed-text-v1");
  }
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
                                     "moe_impl",
                                     "moe_resid_pdrop",
                                     "n_ctx"}) {
    keys.take(key);
  }
}

}  // namespace

bool is_published_nomic(ConfigKeys& keys) { return keys.take("n_embd") != nullptr; }

void read_published_nomic(ConfigKeys& keys, CheckpointConfig& config) {
  const std::string activation = keys.text({"activation_function"}, "gelu_new");
  if (activation != "swiglu" && activation != "geglu" && activation != "gelu") {
    keys.refuse("activation_function", R"("swiglu", "geglu" or "gelu")", activation);
  }
  const bool gated = activation != "gelu";
  read_sizes(keys, gated, config);
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
  own.plain_ffn = !gated;
  own.ways = {read_turns(keys, config)};
  read_experts(keys, own);
  refuse_other_kinds(keys, config);
}

}  // namespace bertrt::family
