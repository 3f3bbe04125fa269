#include "family/named_spec.h"

#include <cmath>

#include "bertrt/error.h"
#include "family/named_tables.h"
#include "family/relative_buckets.h"
#include "family/named_weights.h"

namespace bertrt::family {
namespace {

std::string join(const std::string& prefix, std::string_view name) { return prefix + std::string(name); }

// The names that a file uses, and the prefix that all of them have in it ("", "bert.", "model.bert.").
struct Found {
  const EncoderNames* names = nullptr;
  std::string prefix;
};

Found find_names(const NamedWeights& weights) {
  const std::string words = find_by_ending(weights, kWordEmbeddings);
  if (!words.empty()) {
    const std::string prefix = words.substr(0, words.size() - kWordEmbeddings.size());
    for (const EncoderNames& names : encoder_names()) {
      if (weights.find(prefix + names.layer_prefix(0) + std::string(names.query) + ".weight")) return {&names, prefix};
    }
  }
  throw Error(ErrorCode::unsupported, weights.where,
              "an encoder's weights under the names of BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT or MPNet",
              words.empty() ? "no word embeddings" : "other names for the layers");
}

Embeddings embeddings(WeightTaker& taker, const EncoderNames& names, const NamedConstants& constants) {
  Embeddings result;
  result.words = taker.require(kWordEmbeddings, 2);
  result.positions = taker.require(kPositionEmbeddings, 2);
  result.types = taker.find(kTypeEmbeddings);
  result.position_scheme = constants.counted_positions ? PositionScheme::counted : PositionScheme::absolute;
  result.padding_id = constants.padding_id;
  result.takes_types = constants.takes_types;
  result.norm = taker.norm(std::string(kEmbeddingNorm), constants.layer_norm_eps);
  if (taker.has(names.projection)) result.projection = taker.dense(std::string(names.projection));
  return result;
}

LayerSpec layer(WeightTaker& taker, const EncoderNames& names, std::size_t index, const NamedConstants& constants) {
  const std::string prefix = names.layer_prefix(index);
  LayerSpec result;
  result.query = taker.dense(join(prefix, names.query));
  result.key = taker.dense(join(prefix, names.key));
  result.value = taker.dense(join(prefix, names.value));
  const std::size_t head_size = result.query.out() / constants.heads;
  if (head_size == 0) {
    throw Error(ErrorCode::model_mismatch, result.query.weight.name, "a hidden size that is cut into heads",
                std::to_string(result.query.out()) + " for " + std::to_string(constants.heads) + " heads");
  }
  result.scale = 1.0F / std::sqrt(static_cast<float>(head_size));
  result.attention_out = taker.dense(join(prefix, names.attention_out));
  result.attention_norm = taker.norm(join(prefix, names.attention_norm), constants.layer_norm_eps);
  result.ffn_in = taker.dense(join(prefix, names.ffn_in));
  result.activation = constants.activation;
  result.ffn_out = taker.dense(join(prefix, names.ffn_out));
  result.ffn_norm = taker.norm(join(prefix, names.ffn_norm), constants.layer_norm_eps);
  return result;
}

void add_layers(WeightTaker& taker, const EncoderNames& names, const NamedConstants& constants,
                const std::string& where, EncoderSpec& spec) {
  std::size_t stored = 0;
  while (taker.has(join(names.layer_prefix(stored), names.query))) ++stored;
  if (stored == 0 || constants.layers == 0 || constants.layers % stored != 0) {
    throw Error(ErrorCode::model_mismatch, where, std::to_string(constants.layers) + " layers",
                std::to_string(stored) + " stored ones");
  }
  for (std::size_t i = 0; i < stored; ++i) {
    const LayerSpec one = layer(taker, names, i, constants);
    spec.layers.insert(spec.layers.end(), constants.layers / stored, one);
  }
}

}  // namespace

NamedModel named_model(const NamedWeights& weights, const NamedConstants& constants) {
  if (constants.heads == 0 || constants.padding_id < 0) {
    throw Error(ErrorCode::model_mismatch, weights.where, "heads and a padding id",
                std::to_string(constants.heads) + " heads, padding " + std::to_string(constants.padding_id));
  }
  const Found found = find_names(weights);
  const EncoderNames& names = *found.names;
  WeightTaker taker(weights, found.prefix);
  NamedModel model;
  model.task = constants.task.empty() ? task_by_names(weights) : constants.task;
  EncoderSpec& spec = model.encoder;
  spec.architecture = constants.architecture;
  spec.heads = constants.heads;
  spec.mask = constants.takes_mask ? MaskKind::keys : MaskKind::none;
  spec.embeddings = embeddings(taker, names, constants);
  add_layers(taker, names, constants, weights.where, spec);
  spec.hidden = spec.layers.front().query.out();
  if (!names.relative_bias.empty()) {
    // MPNet counts in 32 buckets up to a distance of 128, whatever its configuration says.
    const auto positions = static_cast<std::size_t>(spec.embeddings.positions ? spec.embeddings.positions->tensor.shape[0] : 1);
    spec.relative_bias = RelativeBiasSpec{taker.require(names.relative_bias, 2), relative_rows(positions, 32, 128)};
  }
  if (taker.has(names.pooler)) spec.pooler = taker.dense(std::string(names.pooler));
  // With an empty prefix the head's weights stand among the encoder's.
  if (!found.prefix.empty() || model.task == "encoder") {
    if (const std::vector<std::string> unknown = taker.left_over(); !unknown.empty()) {
      throw Error(ErrorCode::unsupported, weights.where, "an encoder with no weights beside those of its architecture",
                  unknown.front());
    }
  }
  model.head = named_head(weights, constants, model.task, spec);
  return model;
}

Activation activation_by_name(std::string_view name, const std::string& where) {
  if (name == "gelu" || name == "gelu_python") return Activation::gelu_erf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  throw Error(ErrorCode::unsupported, where, "activation gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu or tanh",
              name.empty() ? "none named" : std::string(name));
}

}  // namespace bertrt::family
