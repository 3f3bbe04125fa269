#include "family/rotary_config.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "family/config.h"
#include "family/rope_settings.h"
#include "family/rotary_frequencies.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;
using Reads = HeadSpec::Reads;

constexpr std::string_view kFull = "full_attention";
constexpr std::string_view kSliding = "sliding_attention";

// Older files' names for the bases; the second one is of the layers that see a window, and empty where all are alike.
using OldThetas = std::pair<std::string_view, std::string_view>;

// Python looks for "truncate" beside the kinds, and keeps the grown length of a kind elsewhere.
void check_kind(ConfigKeys& keys, std::string_view key, const RopeSettings& settings, const Json& found) {
  if (settings.truncate && settings.type != RopeSettings::Type::dynamic) return;
  keys.refuse(std::string(key), "no \"truncate\" and no rope_type \"dynamic\" by kinds of layers", found);
}

// rope_parameters, by kind of layer or for all of them, and the names that older files have for the same.
// @param scales_all  whether an old rope_scaling is of layers that see a window, too
std::pair<RopeSettings, RopeSettings> read_ways(ConfigKeys& keys, const OldThetas& old, double full_theta,
                                                double sliding_theta, RopeCode code, bool scales_all = true) {
  const bool by_kind = !old.second.empty();
  RopeSettings full;
  RopeSettings sliding;
  const Json* parameters = keys.take("rope_parameters");
  const Json* scaling = keys.take("rope_scaling");
  if (scaling != nullptr && !scaling->is_null() && !scaling->empty()) {
    // Python puts one over the other, and ModernBERT's an older name of the type beside a newer one, which wins.
    const bool there = parameters != nullptr && !parameters->is_null();
    const bool both = by_kind ? there : there && !parameters->empty() && *parameters != *scaling;
    if (both) keys.refuse("rope_scaling", "none beside rope_parameters, which says the same", *scaling);
    if (by_kind && scaling->is_object() && !scaling->contains("rope_type")) {
      keys.refuse("rope_scaling", "\"rope_type\" in it (Python overlooks \"type\" by kinds of layers)", *scaling);
    }
    full = read_rope(keys, "rope_scaling", *scaling, code);
    if (by_kind) check_kind(keys, "rope_scaling", full, *scaling);
    if (by_kind && scales_all) sliding = full;
  }
  if (parameters != nullptr && !parameters->is_null()) {
    if (by_kind) {
      for (const auto& [kind, value] : parameters->items()) {
        if (kind != kFull && kind != kSliding)
          keys.refuse("rope_parameters", "full_attention, sliding_attention", *parameters);
        if (value.is_null()) continue;
        RopeSettings& own = kind == kFull ? full : sliding;
        own = read_rope(keys, "rope_parameters", value, code);
        check_kind(keys, "rope_parameters", own, value);
      }
    } else {
      full = read_rope(keys, "rope_parameters", *parameters, code);
    }
  }
  const auto theta = [&](std::string_view key, RopeSettings& way, double otherwise) {
    const double said = keys.number(key, otherwise, 1e30);
    if (way.theta != 0) return;
    if (said == 0) keys.refuse(key, "a number above 0", said);
    way.theta = said;
  };
  if (by_kind) {
    theta(old.first, full, full_theta);
    theta(old.second, sliding, sliding_theta);
  } else {
    theta(old.first, full, full_theta);
  }
  return {full, sliding};
}

// Which layers see a window alone.
// @param every, first  where the file does not say which: those that are not a multiple of `every` away from `first`
std::vector<bool> sliding_layers(ConfigKeys& keys, std::size_t layers, std::size_t every, std::size_t first) {
  std::vector<bool> result(layers);
  const Json* types = keys.take("layer_types");
  if (types == nullptr || types->is_null()) {
    for (std::size_t i = 0; i < layers; ++i) result[i] = (i + every - first) % every != 0;
    return result;
  }
  if (!types->is_array() || types->size() != layers) keys.refuse("layer_types", "one for each layer", *types);
  for (std::size_t i = 0; i < layers; ++i) {
    const Json& type = (*types)[i];
    if (type != kFull && type != kSliding) keys.refuse("layer_types", "full_attention or sliding_attention", type);
    result[i] = type == kSliding;
  }
  return result;
}

// Two ways of turning, of the layers that see all and of those that see a window.
void give_ways(const std::pair<RopeSettings, RopeSettings>& ropes, const std::vector<bool>& sliding, std::size_t window,
               const CheckpointConfig& config, RotaryConfig& own) {
  const std::size_t head_size = config.hidden / config.heads;
  own.ways = {rope_spec(ropes.first, head_size, config.positions),
              rope_spec(ropes.second, head_size, config.positions)};
  for (const bool one : sliding) {
    own.way_of_layer.push_back(one ? 1 : 0);
    own.windows.push_back(one ? window : 0);
  }
}

// Heads of keys and values; null stands for as many as there are of queries.
std::size_t key_heads(ConfigKeys& keys, const CheckpointConfig& config, std::size_t otherwise) {
  constexpr std::string_view kKey = "num_key_value_heads";
  const Json* said = keys.take(kKey);
  if (said != nullptr && said->is_null()) return config.heads;
  const std::size_t heads = keys.size({kKey}, otherwise);
  if (config.heads % heads != 0) {
    keys.refuse(kKey, "a number that divides the heads, " + std::to_string(config.heads), heads);
  }
  return heads;
}

void read_modernbert(ConfigKeys& keys, const std::string& where, const CheckpointConfig& config, RotaryConfig& own) {
  own.attention_bias = own.out_bias = keys.flag("attention_bias", false);
  own.ffn_bias = own.ffn_out_bias = keys.flag("mlp_bias", false);
  own.norm_bias = keys.flag("norm_bias", false);
  own.classifier_bias = keys.flag("classifier_bias", false);
  own.decoder_bias = keys.flag("decoder_bias", true);
  own.classifier_activation =
      activation_by_name(keys.text({"classifier_activation"}, "gelu"), where + ": classifier_activation");
  const std::string pooling = keys.text({"classifier_pooling"}, "cls");
  if (pooling != "cls" && pooling != "mean") keys.refuse("classifier_pooling", "\"cls\" or \"mean\"", pooling);
  own.pooling = pooling == "mean" ? Reads::mean : Reads::first_token;
  for (const std::string_view key : {"initializer_cutoff_factor", "deterministic_flash_attn", "mlp_dropout",
                                     "sparse_prediction", "sparse_pred_ignore_index", "reference_compile",
                                     "repad_logits_with_grad", "layer_norm_eps", "position_embedding_type"}) {
    keys.take(key);  // training and how Python runs; the last two are old files' and no code reads them
  }
  const std::size_t every = keys.size({"global_attn_every_n_layers"}, 3);
  const std::vector<bool> sliding = sliding_layers(keys, config.layers, every, 0);
  const std::size_t window = keys.size({"local_attention"}, 128, 2) / 2;
  give_ways(read_ways(keys, {"global_rope_theta", "local_rope_theta"}, 160000, 10000, RopeCode::transformers), sliding,
            window, config, own);
}

// What the heads of decoders read. Without a padding id Python classifies a text by itself alone, by its last token.
void read_decoder_heads(ConfigKeys& keys, std::optional<std::int64_t> usual, RotaryConfig& own) {
  own.padding_id = usual;
  if (const Json* id = keys.take("pad_token_id")) {
    if (!id->is_null() && !id->is_number_integer()) keys.refuse("pad_token_id", "a token id or null", *id);
    own.padding_id = id->is_null() ? std::nullopt : std::optional(id->get<std::int64_t>());
  }
  own.token_bias = keys.flag("token_classification_bias", true);
}

// A decoder that embeds: Qwen3-Embedding.
void read_qwen(ConfigKeys& keys, const CheckpointConfig& config, RotaryConfig& own) {
  own.causal = true;
  read_decoder_heads(keys, std::nullopt, own);
  own.head_size = keys.size({"head_dim"}, 128);
  if (own.head_size % 2 != 0 || own.head_size > kLargestHead) {
    keys.refuse("head_dim", "an even number up to 65536", own.head_size);
  }
  own.key_heads = key_heads(keys, config, 32);
  own.attention_bias = own.out_bias = keys.flag("attention_bias", false);
  own.ffn_bias = own.ffn_out_bias = own.norm_bias = false;
  keys.must_be("use_sliding_window", false, "no windows");
  for (const std::string_view key : {"sliding_window", "max_window_layers"}) keys.take(key);  // of those
  const std::vector<bool> sliding = sliding_layers(keys, config.layers, 1, 0);
  if (std::find(sliding.begin(), sliding.end(), true) != sliding.end()) {
    keys.refuse("layer_types", "full_attention alone", *keys.take("layer_types"));
  }
  const RopeSettings rope = read_ways(keys, {"rope_theta", {}}, config.family->theta, 0, RopeCode::transformers).first;
  if (rope.type == RopeSettings::Type::dynamic) keys.refuse("rope_parameters", "another rope_type", "dynamic");
  own.ways = {rope_spec(rope, own.head_size, config.positions)};
  own.way_of_layer.assign(config.layers, 0);
  own.windows.assign(config.layers, 0);
}

// Only as an encoder; as a decoder it is another model.
void read_gemma(ConfigKeys& keys, const CheckpointConfig& config, RotaryConfig& own) {
  const std::size_t head_size = config.hidden / config.heads;
  if (!keys.flag("use_bidirectional_attention", false)) {
    keys.refuse("use_bidirectional_attention", "true (else it is a decoder, whose tokens see those before them alone)",
                false);
  }
  if (const std::size_t size = keys.size({"head_dim"}, 256); size != head_size) {
    keys.refuse("head_dim", "the hidden size over the heads, " + std::to_string(head_size), size);
  }
  read_decoder_heads(keys, 0, own);
  own.key_heads = key_heads(keys, config, 4);
  own.attention_bias = own.out_bias = keys.flag("attention_bias", false);
  own.ffn_bias = own.ffn_out_bias = own.norm_bias = false;
  own.score_divisor = keys.number("query_pre_attn_scalar", 256, 1e30);
  if (own.score_divisor == 0) keys.refuse("query_pre_attn_scalar", "a number above 0", own.score_divisor);
  keys.must_be("attn_logit_softcapping", Json(), "scores as they are");
  keys.take("final_logit_softcapping");  // of a decoder's head
  keys.take("_sliding_window_pattern");  // what layer_types says; Python reads the key without the first stroke
  const std::size_t every = keys.size({"sliding_window_pattern"}, 6);
  const std::vector<bool> sliding = sliding_layers(keys, config.layers, every, every - 1);
  const std::size_t window = keys.size({"sliding_window"}, 4096, 2) / 2;
  const bool scales_all = false;
  give_ways(read_ways(keys, {"rope_theta", "rope_local_base_freq"}, 1000000, 10000, RopeCode::transformers, scales_all),
            sliding, window, config, own);
}

// Of its published code alone, but for the bias; transformers' class knows none of these settings.
void read_gte(ConfigKeys& keys, RotaryConfig& own) {
  own.ffn_bias = false;
  keys.must_be("layer_norm_type", "layer_norm", "LayerNorm");
  keys.must_be("logn_attention_scale", false, "scores that do not depend on the text's length");
  for (const std::string_view key :
       {"logn_attention_clip1", "pack_qkv", "unpad_inputs", "use_memory_efficient_attention"}) {
    keys.take(key);  // part of logn_attention_scale, what the weights' names tell, and how Python runs
  }
}

void read_eurobert(ConfigKeys& keys, const CheckpointConfig& config, RotaryConfig& own) {
  own.key_heads = key_heads(keys, config, config.heads);
  own.attention_bias = own.out_bias = keys.flag("attention_bias", false);
  own.ffn_bias = own.ffn_out_bias = own.decoder_bias = keys.flag("mlp_bias", false);
  own.norm_bias = false;
  const std::string pooling = keys.text({"classifier_pooling"}, "late");
  // What the family's first checkpoints call it; transformers' class does not read that.
  keys.must_be("clf_pooling", pooling, "as classifier_pooling says");
  for (const std::string_view key : {"bos_token", "eos_token", "pad_token", "mask_token"}) keys.take(key);
  if (pooling != "bos" && pooling != "mean" && pooling != "late") {
    keys.refuse("classifier_pooling", "\"bos\", \"mean\" or \"late\"", pooling);
  }
  own.pooling = pooling == "bos" ? Reads::first_token : pooling == "mean" ? Reads::mean : Reads::late;
  keys.must_be("pretraining_tp", 1, "products that are not cut up");
}

}  // namespace

void read_rotary(ConfigKeys& keys, const std::string& where, CheckpointConfig& config) {
  RotaryConfig& own = config.rotary.emplace();
  own.key_heads = config.heads;
  own.longest = config.positions;
  if (config.family->layout == EncoderLayout::qwen) return read_qwen(keys, config, own);
  const std::size_t head_size = config.hidden / config.heads;
  if (head_size > kLargestHead) keys.refuse("hidden_size", "heads of at most 65536 values", config.hidden);
  if (head_size % 2 != 0) keys.refuse("num_attention_heads", "heads of an even size", config.heads);
  if (config.family->layout == EncoderLayout::gemma) return read_gemma(keys, config, own);
  const Json* said = keys.take("head_dim");  // null stands for what it has to be
  if (said == nullptr || !said->is_null()) keys.must_be("head_dim", head_size, "the hidden size over the heads");
  if (config.family->layout == EncoderLayout::modernbert) return read_modernbert(keys, where, config, own);
  if (config.family->layout == EncoderLayout::eurobert) read_eurobert(keys, config, own);
  if (config.family->layout == EncoderLayout::nomic)
    own.attention_bias = own.out_bias = own.ffn_bias = own.ffn_out_bias = false;
  if (config.family->layout == EncoderLayout::gte) read_gte(keys, own);
  own.way_of_layer.assign(config.layers, 0);
  own.windows.assign(config.layers, 0);
  if (config.esm || config.family->layout == EncoderLayout::roformer) {
    const double theta = config.esm ? keys.number("rope_theta", config.family->theta, 1e30) : config.family->theta;
    if (theta == 0) keys.refuse("rope_theta", "a number above 0", theta);
    own.ways = {{rotary_frequencies(theta, head_size)}};
    own.ways.front().values = !config.esm && keys.flag("rotary_value", false);
    return;
  }
  const RopeCode code = config.model_type == "new"                    ? RopeCode::published_gte
                        : config.family->layout == EncoderLayout::gte ? RopeCode::transformers_or_gte
                                                                      : RopeCode::transformers;
  const RopeSettings rope = read_ways(keys, {"rope_theta", {}}, config.family->theta, 0, code).first;
  own.ways = {rope_spec(rope, head_size, config.positions)};
  if (rope.type != RopeSettings::Type::dynamic) return;
  if (head_size <= 2) keys.refuse("num_attention_heads", "heads of more than 2 values", config.heads);
  const double longest = static_cast<double>(config.positions) * rope.factor;
  own.longest = static_cast<std::size_t>(std::min(longest, static_cast<double>(kMaxConfigSize)));
  own.longest_why = "max_position_embeddings times the factor of its dynamic positions, in config.json";
}

}  // namespace bertrt::family
