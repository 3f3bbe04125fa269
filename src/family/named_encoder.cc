#include "family/named_encoder.h"

#include <cmath>
#include <deque>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "family/alibi.h"
#include "family/named_rotary.h"
#include "family/named_tables.h"
#include "family/pairs_apart.h"
#include "family/relative_buckets.h"
#include "family/repeated_heads.h"
#include "family/shifted_norm.h"

namespace bertrt::family {
namespace {

std::string join(const std::string& prefix, std::string_view name) { return prefix + std::string(name); }

// As many of a matrix's (or vector's) rows, from row `first` on.
Weight rows_of(Weight weight, std::size_t first, std::size_t count) {
  weight.tensor = archive::rows_of(weight.tensor, first, count);
  return weight;
}

Dense rows_of(const Dense& dense, std::size_t first, std::size_t count) {
  Dense part{rows_of(dense.weight, first, count)};
  if (dense.bias) part.bias = rows_of(*dense.bias, first, count);
  return part;
}

std::size_t head_size(const CheckpointConfig& config) {
  const bool own = config.rotary && config.rotary->head_size != 0;
  return own ? config.rotary->head_size : config.hidden / config.heads;
}

class NamedEncoder {
 public:
  NamedEncoder(WeightTaker& taker, const CheckpointConfig& config, std::deque<std::vector<float>>& made)
      : taker_(taker), config_(config), names_(encoder_names(config.family->layout)), made_(made) {
    if (config.rotary) own_ = *config.rotary;
    if (config.position_kind == PositionKind::alibi) own_.ffn_bias = false;
  }

  Embeddings embeddings() {
    const Family& family = *config_.family;
    Embeddings result;
    result.words = taker_.require(word_embeddings(family.layout), 2);
    result.position_scheme = family.counted_positions ? PositionScheme::counted : PositionScheme::absolute;
    if (config_.rotary || config_.position_kind != PositionKind::absolute) {
      result.position_scheme = PositionScheme::none;
      // Python makes the table all the same where attention has positions of its own, and reads it never.
      if (!names_.distances.empty() || config_.esm) taker_.find(kPositionEmbeddings);
    } else {
      result.positions = taker_.require(kPositionEmbeddings, 2);
    }
    result.types = taker_.find(kTypeEmbeddings);
    result.padding_id = config_.padding_id;
    result.takes_types = config_.types != 0;
    const bool has_norm = !names_.embedding_norm.empty() && (!config_.esm || config_.esm->first_norm);
    if (has_norm) result.norm = norm(std::string(names_.embedding_norm));
    if (config_.esm) {
      constexpr float kKept = 1 - 0.15F * 0.8F;  // as all ESMs were trained
      if (config_.esm->dropped_token) result.dropped = DroppedToken{*config_.esm->dropped_token, kKept};
      result.zero_masked = true;
    }
    if (config_.family->layout == EncoderLayout::gemma) result.scale = std::sqrt(static_cast<float>(config_.hidden));
    if (taker_.has(names_.projection)) result.projection = taker_.dense(std::string(names_.projection));
    return result;
  }

  LayerSpec layer(std::size_t index) {
    const std::string prefix = names_.layer_prefix(index);
    LayerSpec result;
    attention(prefix, result);
    result.scale = 1.0F / std::sqrt(static_cast<float>(head_size(config_)));
    if (config_.position_kind == PositionKind::relative_key ||
        config_.position_kind == PositionKind::relative_key_query) {
      result.distances = distances(prefix, result.scale);
    }
    if (own_.score_divisor != 0) result.scale = static_cast<float>(1 / std::sqrt(own_.score_divisor));
    result.attention_out = taker_.dense(join(prefix, names_.attention_out), own_.out_bias);
    const bool first_of_modernbert = index == 0 && config_.family->layout == EncoderLayout::modernbert;
    if (!first_of_modernbert) result.attention_norm = norm(join(prefix, names_.attention_norm));
    if (!names_.attention_out_norm.empty()) result.attention_out_norm = norm(join(prefix, names_.attention_out_norm));
    if (!names_.ffn_out_norm.empty()) result.ffn_out_norm = norm(join(prefix, names_.ffn_out_norm));
    if (!names_.second_norm.empty()) result.second_norm = norm(join(prefix, names_.second_norm));
    result.activation = config_.layer_activation;
    if (own_.experts_every != 0 && index % own_.experts_every == 1) {
      experts(prefix + "mlp.", result);
    } else {
      feed_forward(prefix, result);
      result.ffn_out = taker_.dense(join(prefix, names_.ffn_out), own_.ffn_out_bias);
    }
    result.ffn_norm = norm(join(prefix, names_.ffn_norm));
    if (config_.family->layout == EncoderLayout::roformer) {
      for (const Dense* dense : {&result.query, &result.key, &result.value, &result.attention_out}) {
        check_shape(dense->weight, {config_.hidden, config_.hidden}, "hidden_size");
        if (dense->bias) check_shape(*dense->bias, {config_.hidden}, "hidden_size");
      }
      put_pairs_apart(result, config_.heads, own_.ways.front().values, made_);
    }
    if (config_.rotary) {
      result.rotary = own_.way_of_layer[index];
      result.window = own_.windows[index];
    }
    return result;
  }

  LayerNorm norm(const std::string& name) {
    const bool centred = config_.family->centred;
    LayerNorm norm = taker_.norm(name, config_.layer_norm_eps, centred && own_.norm_bias);
    norm.centred = centred;
    if (config_.family->layout == EncoderLayout::gemma) add_one(norm.gamma, made_);
    return norm;
  }

 private:
  // ALBERT's code adds them to products that are scaled by now, the others' scales both.
  DistanceSpec distances(const std::string& prefix, float scale) {
    DistanceSpec result{taker_.require(join(prefix, names_.distances) + ".weight", 2)};
    check_shape(result.table, {2 * config_.positions - 1, config_.hidden / config_.heads},
                "twice max_position_embeddings less 1, and the heads' size");
    result.by_key = config_.position_kind == PositionKind::relative_key_query;
    result.scale = config_.family->layout == EncoderLayout::albert ? 1.0F : scale;
    return result;
  }

  void attention(const std::string& prefix, LayerSpec& to) {
    const std::size_t hidden = config_.hidden;
    if (!names_.query_norm.empty()) {
      to.query_norm = norm(join(prefix, names_.query_norm));
      to.key_norm = norm(join(prefix, names_.key_norm));
    }
    const bool apart = !names_.query.empty() && taker_.has(join(prefix, names_.query));
    if (!names_.qkv.empty() && !apart) {
      const Dense all = taker_.dense(join(prefix, names_.qkv), own_.attention_bias);
      check_shape(all.weight, {3 * hidden, hidden}, "hidden_size");
      if (all.bias) check_shape(*all.bias, {3 * hidden}, "hidden_size");
      to.query = rows_of(all, 0, hidden);
      to.key = rows_of(all, hidden, hidden);
      to.value = rows_of(all, 2 * hidden, hidden);
      return;
    }
    to.query = taker_.dense(join(prefix, names_.query), own_.attention_bias);
    to.key = taker_.dense(join(prefix, names_.key), own_.attention_bias);
    to.value = taker_.dense(join(prefix, names_.value), own_.attention_bias);
    if (own_.key_heads == 0 || own_.key_heads == config_.heads) return;
    share(to.key);
    share(to.value);
  }

  // Heads of keys that several heads of queries read, once for each of these.
  void share(Dense& dense) {
    const std::size_t head = head_size(config_);
    check_shape(dense.weight, {own_.key_heads * head, config_.hidden}, "num_key_value_heads and the heads' size");
    if (dense.bias) check_shape(*dense.bias, {own_.key_heads * head}, "num_key_value_heads and the heads' size");
    repeat_heads(dense, own_.key_heads, config_.heads / own_.key_heads, made_);
  }

  void feed_forward(const std::string& prefix, LayerSpec& to) {
    const std::size_t inner = config_.intermediate;
    if (own_.plain_ffn) {
      to.ffn_in = taker_.dense(prefix + "mlp.fc1", own_.ffn_bias);
      return;
    }
    if (names_.ffn_both.empty()) {
      to.ffn_in = taker_.dense(join(prefix, names_.ffn_in), own_.ffn_bias);
      if (!names_.ffn_gate.empty()) to.ffn_gate = taker_.dense(join(prefix, names_.ffn_gate), own_.ffn_bias);
      return;
    }
    const Dense both = taker_.dense(join(prefix, names_.ffn_both), own_.ffn_bias);
    check_shape(both.weight, {2 * inner, config_.hidden}, "twice intermediate_size, and hidden_size");
    if (both.bias) check_shape(*both.bias, {2 * inner}, "twice intermediate_size");
    to.ffn_in = rows_of(both, names_.gate_first ? inner : 0, inner);
    to.ffn_gate = rows_of(both, names_.gate_first ? 0 : inner, inner);
  }

  // NomicBERT's: the experts' matrices below each other, the second ones as [inner, hidden].
  void experts(const std::string& prefix, LayerSpec& to) {
    const std::size_t inner = config_.intermediate;
    ExpertsSpec& all = to.experts.emplace();
    all.router = taker_.dense(prefix + "router.layer", false);
    all.bias = taker_.require(prefix + "experts.bias", 1);
    all.chosen = own_.chosen;
    const Weight first = taker_.require(prefix + "experts.mlp.w1", 2);
    const Weight second = taker_.require(prefix + "experts.mlp.w2", 2);
    check_shape(all.router.weight, {own_.experts, config_.hidden}, "num_experts and n_embd");
    check_shape(all.bias, {config_.hidden}, "n_embd");
    for (const Weight* one : {&first, &second}) {
      check_shape(*one, {own_.experts * inner, config_.hidden}, "num_experts times n_inner, and n_embd");
    }
    for (std::size_t i = 0; i < own_.experts; ++i) {
      ExpertSpec expert{{rows_of(first, i * inner, inner)}, {rows_of(second, i * inner, inner)}};
      turn(expert.out.weight.tensor);
      all.experts.push_back(std::move(expert));
    }
  }

  // The transpose of a matrix; of a contiguous one as a view of no more than its own numbers, since what is not in the
  // order of its rows is read whole.
  static void turn(archive::TensorView& tensor) {
    if (tensor.contiguous()) {
      const std::size_t size = archive::element_size(tensor.type);
      const std::size_t begin = static_cast<std::size_t>(tensor.storage_offset) * size;
      tensor.storage = tensor.storage.subspan(begin, tensor.elements() * size);
      tensor.storage_offset = 0;
    }
    std::swap(tensor.shape[0], tensor.shape[1]);
    std::swap(tensor.strides[0], tensor.strides[1]);
  }

  WeightTaker& taker_;
  const CheckpointConfig& config_;
  const EncoderNames& names_;
  std::deque<std::vector<float>>& made_;
  RotaryConfig own_;  ///< its defaults where config.json is of another kind
};

void check_layer(const LayerSpec& layer, const CheckpointConfig& config) {
  const std::size_t hidden = config.hidden;
  const std::size_t width = config.heads * head_size(config);
  const char* why = width == hidden ? "hidden_size" : "hidden_size, and the heads together";
  for (const Dense* dense : {&layer.query, &layer.key, &layer.value}) check_shape(dense->weight, {width, hidden}, why);
  check_shape(layer.attention_out.weight, {hidden, width}, why);
  if (layer.experts) return;
  check_shape(layer.ffn_in.weight, {config.intermediate, hidden}, "intermediate_size and hidden_size");
  if (layer.ffn_gate) {
    check_shape(layer.ffn_gate->weight, {config.intermediate, hidden}, "intermediate_size and hidden_size");
  }
  check_shape(layer.ffn_out.weight, {hidden, config.intermediate}, "hidden_size and intermediate_size");
}

void check_sizes(const EncoderSpec& encoder, const CheckpointConfig& config) {
  const Embeddings& embeddings = encoder.embeddings;
  check_shape(embeddings.words, {config.vocabulary, config.embedding}, "vocab_size and the embeddings' width");
  if (embeddings.positions)
    check_shape(*embeddings.positions, {config.positions, config.embedding}, "max_position_embeddings and the width");
  if (config.types != 0)
    check_shape(*embeddings.types, {config.types, config.embedding}, "type_vocab_size and the width");
  for (const LayerSpec& layer : encoder.layers) check_layer(layer, config);
  if (encoder.pooler) check_shape(encoder.pooler->weight, {config.hidden, config.hidden}, "hidden_size");
}

// MPNet counts in 32 buckets up to a distance of 128, whatever its configuration says.
RelativeBiasSpec relative_bias(WeightTaker& taker, const EncoderNames& names, const CheckpointConfig& config) {
  RelativeBiasSpec bias{taker.require(names.relative_bias, 2), relative_rows(config.positions, 32, 128)};
  check_shape(bias.table, {config.buckets, config.heads}, "relative_attention_num_buckets and the heads");
  return bias;
}

// The parts that some families have and others have not: all that the family's code has, and no more.
void check_parts(WeightTaker& taker, const EncoderNames& names, const EncoderSpec& encoder,
                 const CheckpointConfig& config, const std::string& where) {
  if (config.types != 0 && !encoder.embeddings.types) taker.require(kTypeEmbeddings, 2);
  const EncoderLayout layout = config.family->layout;
  const bool projects =
      layout == EncoderLayout::albert || layout == EncoderLayout::rembert || config.embedding != config.hidden;
  if (projects && !encoder.embeddings.projection) taker.require(std::string(names.projection) + ".weight", 2);
  const bool extra_types = config.types == 0 && encoder.embeddings.types;
  const bool extra_projection = !projects && encoder.embeddings.projection;
  if (extra_types || extra_projection || (encoder.pooler && config.model_type == "electra")) {
    throw Error(ErrorCode::unsupported, where, "an encoder with no weights beside those of its family",
                extra_types        ? "token types"
                : extra_projection ? "a projection of the embeddings"
                                   : "a pooler");
  }
}

// As many layers as config.json says are stored, not fewer that repeat.
void check_stored(const WeightTaker& taker, const EncoderNames& names, const CheckpointConfig& config,
                  const std::string& where) {
  std::size_t stored = 0;
  const auto has_layer = [&](std::size_t layer) {
    const std::string prefix = names.layer_prefix(layer);
    return (!names.qkv.empty() && taker.has(join(prefix, names.qkv))) ||
           (!names.query.empty() && taker.has(join(prefix, names.query)));
  };
  while (stored <= config.stored_layers && has_layer(stored)) ++stored;
  if (stored == config.stored_layers) return;
  throw Error(ErrorCode::model_mismatch, where, std::to_string(config.stored_layers) + " layers, as config.json says",
              stored > config.stored_layers ? "more" : std::to_string(stored));
}

}  // namespace

EncoderSpec named_encoder(WeightTaker& taker, const CheckpointConfig& config, const std::string& where,
                          std::deque<std::vector<float>>& made) {
  const EncoderNames& names = encoder_names(config.family->layout);
  check_stored(taker, names, config, where);
  NamedEncoder reader(taker, config, made);
  EncoderSpec spec;
  spec.architecture = config.model_type;
  spec.heads = config.heads;
  spec.hidden = config.hidden;
  spec.embeddings = reader.embeddings();
  if (config.rotary) {
    spec.rotary = config.rotary->ways;
    spec.head = config.rotary->head_size;
    spec.causal = config.rotary->causal;
    if (config.esm) take_frequencies(taker, config, spec.rotary.front());
    if (config.family->layout == EncoderLayout::roformer) take_angles(taker, config, spec.rotary.front());
  }
  if (!spec.embeddings.positions) spec.max_length = config.rotary ? config.rotary->longest : config.positions;
  for (std::size_t i = 0; i < config.stored_layers; ++i) {
    spec.layers.insert(spec.layers.end(), config.layers / config.stored_layers, reader.layer(i));
  }
  spec.norm_first = config.family->norm_first;
  if (!names.final_norm.empty()) spec.final_norm = reader.norm(std::string(names.final_norm));
  if (taker.has(names.pooler)) spec.pooler = taker.dense(std::string(names.pooler));
  check_parts(taker, names, spec, config, where);
  check_sizes(spec, config);
  if (config.position_kind == PositionKind::alibi) spec.slopes = alibi_slopes(config.heads);
  if (!names.relative_bias.empty()) spec.relative_bias = relative_bias(taker, names, config);
  // ESM's prediction of contacts, which no task here asks for.
  for (const char* name : {"contact_head.regression.weight", "contact_head.regression.bias"}) {
    if (config.esm) taker.find(name);
  }
  return spec;
}

}  // namespace bertrt::family
