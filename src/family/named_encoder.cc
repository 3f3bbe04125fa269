#include "family/named_encoder.h"

#include <cmath>
#include <utility>

#include "bertrt/error.h"
#include "family/named_tables.h"
#include "family/relative_buckets.h"

namespace bertrt::family {
namespace {

std::string join(const std::string& prefix, std::string_view name) { return prefix + std::string(name); }

Embeddings embeddings(WeightTaker& taker, const EncoderNames& names, const CheckpointConfig& config) {
  Embeddings result;
  result.words = taker.require(kWordEmbeddings, 2);
  result.positions = taker.require(kPositionEmbeddings, 2);
  result.types = taker.find(kTypeEmbeddings);
  result.position_scheme = config.family->counted_positions ? PositionScheme::counted : PositionScheme::absolute;
  result.padding_id = config.padding_id;
  result.takes_types = config.family->types;
  result.norm = taker.norm(std::string(kEmbeddingNorm), config.layer_norm_eps);
  if (taker.has(names.projection)) result.projection = taker.dense(std::string(names.projection));
  return result;
}

LayerSpec layer(WeightTaker& taker, const EncoderNames& names, std::size_t index, const CheckpointConfig& config) {
  const std::string prefix = names.layer_prefix(index);
  LayerSpec result;
  result.query = taker.dense(join(prefix, names.query));
  result.key = taker.dense(join(prefix, names.key));
  result.value = taker.dense(join(prefix, names.value));
  result.scale = 1.0F / std::sqrt(static_cast<float>(config.hidden / config.heads));
  result.attention_out = taker.dense(join(prefix, names.attention_out));
  result.attention_norm = taker.norm(join(prefix, names.attention_norm), config.layer_norm_eps);
  result.ffn_in = taker.dense(join(prefix, names.ffn_in));
  result.activation = config.activation;
  result.ffn_out = taker.dense(join(prefix, names.ffn_out));
  result.ffn_norm = taker.norm(join(prefix, names.ffn_norm), config.layer_norm_eps);
  return result;
}

void check_layer(const LayerSpec& layer, const CheckpointConfig& config) {
  const std::size_t hidden = config.hidden;
  for (const Dense* dense : {&layer.query, &layer.key, &layer.value, &layer.attention_out}) {
    check_shape(dense->weight, {hidden, hidden}, "hidden_size");
  }
  check_shape(layer.ffn_in.weight, {config.intermediate, hidden}, "intermediate_size and hidden_size");
  check_shape(layer.ffn_out.weight, {hidden, config.intermediate}, "hidden_size and intermediate_size");
}

void check_sizes(const EncoderSpec& encoder, const CheckpointConfig& config) {
  const Embeddings& embeddings = encoder.embeddings;
  check_shape(embeddings.words, {config.vocabulary, config.embedding}, "vocab_size and the embeddings' width");
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
  while (stored <= config.stored_layers && taker.has(join(names.layer_prefix(stored), names.query))) ++stored;
  if (stored == config.stored_layers) return;
  throw Error(ErrorCode::model_mismatch, where, std::to_string(config.stored_layers) + " layers, as config.json says",
              stored > config.stored_layers ? "more" : std::to_string(stored));
}

}  // namespace

EncoderSpec named_encoder(WeightTaker& taker, const CheckpointConfig& config, const std::string& where) {
  const EncoderNames& names = encoder_names(config.family->layout);
  check_stored(taker, names, config, where);
  EncoderSpec spec;
  spec.architecture = config.model_type;
  spec.heads = config.heads;
  spec.hidden = config.hidden;
  spec.embeddings = embeddings(taker, names, config);
  for (std::size_t i = 0; i < config.stored_layers; ++i) {
    spec.layers.insert(spec.layers.end(), config.layers / config.stored_layers, layer(taker, names, i, config));
  }
  if (taker.has(names.pooler)) spec.pooler = taker.dense(std::string(names.pooler));
  check_parts(taker, names, spec, config, where);
  check_sizes(spec, config);
  if (!names.relative_bias.empty()) spec.relative_bias = relative_bias(taker, names, config);
  return spec;
}

}  // namespace bertrt::family
