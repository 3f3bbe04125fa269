#include "family/rotary_config.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "family/config.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;
using Reads = HeadSpec::Reads;

constexpr std::string_view kFull = "full_attention";
constexpr std::string_view kSliding = "sliding_attention";

// Positions times base^(-2i / size), in fp32 as Python has it.
std::vector<float> frequencies(float base, std::size_t head_size, float divisor) {
  std::vector<float> result;
  for (std::size_t i = 0; i + 1 < head_size; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(head_size);
    result.push_back(1.0F / std::pow(base, exponent) / divisor);
  }
  return result;
}

// One way of turning: "rope_theta", "rope_type", and what belongs to that type.
struct Way {
  double theta = 0;  ///< 0: not said
  double divisor = 1;
};

void read_way(ConfigKeys& keys, std::string_view where, const Json& json, Way& way) {
  if (!json.is_object()) keys.refuse(where, "settings by names", json);
  for (const auto& [key, value] : json.items()) {
    const bool number = value.is_number() && value.get<double>() > 0;
    if (key == "rope_theta" && number) {
      way.theta = value.get<double>();
    } else if ((key == "rope_type" || key == "type") && (value == "default" || value == "linear")) {
      continue;
    } else if (key == "factor" && number) {
      way.divisor = value.get<double>();
    } else if (key == "partial_rotary_factor" && value == 1.0) {
      continue;
    } else {
      keys.refuse(where, "a rope_theta above 0, rope_type \"default\", or \"linear\" with a factor", json);
    }
  }
  const auto type = json.find("rope_type") != json.end() ? json.find("rope_type") : json.find("type");
  const bool linear = type != json.end() && *type == "linear";
  if (linear != json.contains("factor"))
    keys.refuse(where, "a factor where rope_type is \"linear\", and there alone", json);
}

// rope_parameters, by kind of layer or for all of them, and the names that older files have for the same.
std::pair<Way, Way> read_ways(ConfigKeys& keys, double full_theta, double sliding_theta, bool by_kind) {
  Way full;
  Way sliding;
  const Json* parameters = keys.take("rope_parameters");
  const Json* scaling = keys.take("rope_scaling");
  if (scaling != nullptr && !scaling->is_null() && !scaling->empty()) {
    // Python puts one over the other, and ModernBERT's an older name of the type beside a newer one, which wins.
    const bool both =
        parameters != nullptr && !parameters->is_null() && !parameters->empty() && *parameters != *scaling;
    if (by_kind || both) keys.refuse("rope_scaling", "none beside rope_parameters, which says the same", *scaling);
    read_way(keys, "rope_scaling", *scaling, full);
  }
  if (parameters != nullptr && !parameters->is_null()) {
    if (by_kind) {
      for (const auto& [kind, value] : parameters->items()) {
        if (kind != kFull && kind != kSliding)
          keys.refuse("rope_parameters", "full_attention, sliding_attention", *parameters);
        if (!value.is_null()) read_way(keys, "rope_parameters", value, kind == kFull ? full : sliding);
      }
    } else {
      read_way(keys, "rope_parameters", *parameters, full);
    }
  }
  const auto theta = [&](std::string_view key, Way& way, double otherwise) {
    const double old = keys.number(key, 0, 1e30);
    if (way.theta == 0) way.theta = old != 0 ? old : otherwise;
  };
  if (by_kind) {
    theta("global_rope_theta", full, full_theta);
    theta("local_rope_theta", sliding, sliding_theta);
  } else {
    theta("rope_theta", full, full_theta);
  }
  return {full, sliding};
}

// Which layers see a window alone.
std::vector<bool> sliding_layers(ConfigKeys& keys, std::size_t layers) {
  const std::size_t every = keys.size({"global_attn_every_n_layers"}, 3);
  std::vector<bool> result(layers);
  const Json* types = keys.take("layer_types");
  if (types == nullptr || types->is_null()) {
    for (std::size_t i = 0; i < layers; ++i) result[i] = i % every != 0;
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

RotarySpec way_of(const Way& way, std::size_t head_size) {
  return {frequencies(static_cast<float>(way.theta), head_size, static_cast<float>(way.divisor)), 1.0F};
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
  const std::vector<bool> sliding = sliding_layers(keys, config.layers);
  const std::size_t window = keys.size({"local_attention"}, 128, 2) / 2;
  const auto [full, local] = read_ways(keys, 160000, 10000, true);
  const std::size_t head_size = config.hidden / config.heads;
  own.ways = {way_of(full, head_size), way_of(local, head_size)};
  for (const bool one : sliding) {
    own.way_of_layer.push_back(one ? 1 : 0);
    own.windows.push_back(one ? window : 0);
  }
}

void read_eurobert(ConfigKeys& keys, const CheckpointConfig& config, RotaryConfig& own) {
  own.key_heads = keys.size({"num_key_value_heads"}, config.heads);
  if (config.heads % own.key_heads != 0) {
    keys.refuse("num_key_value_heads", "a number that divides the heads, " + std::to_string(config.heads),
                own.key_heads);
  }
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
  const std::size_t head_size = config.hidden / config.heads;
  constexpr std::size_t kLargestHead = std::size_t{1} << 16U;  // frequencies are made before any weight is looked at
  if (head_size > kLargestHead) keys.refuse("hidden_size", "heads of at most 65536 values", config.hidden);
  if (head_size % 2 != 0) keys.refuse("num_attention_heads", "heads of an even size", config.heads);
  keys.must_be("head_dim", head_size, "the hidden size over the heads");
  if (config.family->layout == EncoderLayout::modernbert) return read_modernbert(keys, where, config, own);
  if (config.family->layout == EncoderLayout::eurobert) read_eurobert(keys, config, own);
  if (config.family->layout == EncoderLayout::nomic)
    own.attention_bias = own.out_bias = own.ffn_bias = own.ffn_out_bias = false;
  if (config.family->layout == EncoderLayout::gte) own.ffn_bias = false;
  own.way_of_layer.assign(config.layers, 0);
  own.windows.assign(config.layers, 0);
  if (config.esm || config.family->layout == EncoderLayout::roformer) {
    const double theta = config.esm ? keys.number("rope_theta", config.family->theta, 1e30) : config.family->theta;
    if (theta == 0) keys.refuse("rope_theta", "a number above 0", theta);
    own.ways = {way_of({theta}, head_size)};
    own.ways.front().values = !config.esm && keys.flag("rotary_value", false);
    return;
  }
  own.ways = {way_of(read_ways(keys, config.family->theta, 0, false).first, head_size)};
}

}  // namespace bertrt::family
