#include "family/deberta.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "family/made_weight.h"
#include "family/named_tables.h"
#include "family/relative_buckets.h"

namespace bertrt::family {
namespace {

class DebertaReader {
 public:
  DebertaReader(WeightTaker& taker, const CheckpointConfig& config, std::deque<std::vector<float>>& made)
      : taker_(taker), config_(config), own_(*config.disentangled), made_(made) {}

  EncoderSpec read() {
    EncoderSpec spec;
    spec.architecture = config_.model_type;
    spec.heads = config_.heads;
    spec.hidden = config_.hidden;
    spec.mask = MaskKind::pairs;
    spec.embeddings = embeddings();
    std::optional<LayerNorm> norm;
    if (own_.norm_table) norm = taker_.norm("encoder.LayerNorm", config_.layer_norm_eps);
    if (own_.relative) positions(std::move(norm), spec);
    if (own_.convolution != 0) spec.convolution = convolution();
    for (std::size_t i = 0; i < config_.layers; ++i) spec.layers.push_back(layer(i));
    return spec;
  }

 private:
  bool second() const { return config_.family->layout == EncoderLayout::deberta_v2; }
  // Whether layers project positions at all: what they make of them is in the scores, or nowhere.
  bool disentangled() const { return own_.relative && (own_.by_query || own_.by_key); }

  Dense without_bias(const std::string& name) { return {taker_.require(name + ".weight", 2), {}}; }

  Embeddings embeddings() {
    Embeddings result;
    const std::size_t width = config_.embedding;
    result.words = taker_.require(word_embeddings(EncoderLayout::deberta), 2);
    check_shape(result.words, {config_.vocabulary, width}, "vocab_size and the embeddings' width");
    if (own_.input_positions) {
      result.positions = taker_.require(kPositionEmbeddings, 2);
      check_shape(*result.positions, {config_.positions, width}, "max_position_embeddings and the width");
    } else {
      result.position_scheme = PositionScheme::none;
      taker_.find(kPositionEmbeddings);  // a table that checkpoints of v3 have, and their code does not
    }
    result.takes_types = config_.types != 0;
    if (config_.types != 0) {
      result.types = taker_.require(kTypeEmbeddings, 2);
      check_shape(*result.types, {config_.types, width}, "type_vocab_size and the width");
    }
    if (width != config_.hidden) {
      result.projection = without_bias("embeddings.embed_proj");
      check_shape(result.projection->weight, {config_.hidden, width}, "hidden_size and embedding_size");
    }
    result.norm_last = true;
    result.norm = taker_.norm("embeddings.LayerNorm", config_.layer_norm_eps);
    return result;
  }

  void positions(std::optional<LayerNorm> norm, EncoderSpec& spec) {
    DisentangledSpec own{taker_.require("encoder.rel_embeddings.weight", 2), std::move(norm), {}};
    check_shape(own.table, {2 * own_.span(), config_.hidden},
                own_.buckets != 0 ? "position_buckets and hidden_size" : "max_relative_positions and hidden_size");
    if (!disentangled()) return;
    own.rows = disentangled_rows(own_.span(), own_.buckets, own_.max_distance, own.table.name);
    spec.disentangled = std::move(own);
  }

  ConvolutionSpec convolution() {
    ConvolutionSpec result{taker_.require("encoder.conv.conv.weight", 3), taker_.require("encoder.conv.conv.bias", 1),
                           own_.convolution_activation, taker_.norm("encoder.conv.LayerNorm", config_.layer_norm_eps)};
    check_shape(result.weight, {config_.hidden, config_.hidden / own_.convolution_groups, own_.convolution},
                "hidden_size, conv_groups and conv_kernel_size");
    return result;
  }

  LayerSpec layer(std::size_t index) {
    const std::string prefix = "encoder.layer." + std::to_string(index) + ".";
    const std::string self = prefix + "attention.self.";
    LayerSpec result;
    second() ? attention_of_v2(self, result) : attention_of_v1(self, result);
    result.scale = 1.0F / std::sqrt(static_cast<float>(config_.hidden / config_.heads * own_.parts));
    result.attention_out = taker_.dense(prefix + "attention.output.dense");
    result.attention_norm = taker_.norm(prefix + "attention.output.LayerNorm", config_.layer_norm_eps);
    result.ffn_in = taker_.dense(prefix + "intermediate.dense");
    result.activation = config_.activation;
    result.ffn_out = taker_.dense(prefix + "output.dense");
    result.ffn_norm = taker_.norm(prefix + "output.LayerNorm", config_.layer_norm_eps);

    const std::size_t hidden = config_.hidden;
    for (const Dense* dense : {&result.query, &result.key, &result.value, &result.attention_out}) {
      check_shape(dense->weight, {hidden, hidden}, "hidden_size");
    }
    for (const auto* dense : {&result.position_key, &result.position_query}) {
      if (*dense) check_shape((*dense)->weight, {hidden, hidden}, "hidden_size");
    }
    check_shape(result.ffn_in.weight, {config_.intermediate, hidden}, "intermediate_size and hidden_size");
    check_shape(result.ffn_out.weight, {hidden, config_.intermediate}, "hidden_size and intermediate_size");
    return result;
  }

  void attention_of_v2(const std::string& self, LayerSpec& result) {
    result.query = taker_.dense(self + "query_proj");
    result.key = taker_.dense(self + "key_proj");
    result.value = taker_.dense(self + "value_proj");
    if (!disentangled()) return;
    if (own_.by_query) result.position_key = own_.shared_keys ? result.key : taker_.dense(self + "pos_key_proj");
    if (own_.by_key) result.position_query = own_.shared_keys ? result.query : taker_.dense(self + "pos_query_proj");
  }

  // Query, key and value of a head stand behind each other in one weight, head after head; keys have no bias.
  void attention_of_v1(const std::string& self, LayerSpec& result) {
    const Weight all = taker_.require(self + "in_proj.weight", 2);
    check_shape(all, {3 * config_.hidden, config_.hidden}, "hidden_size");
    const std::vector<float> values = archive::to_float32(all.tensor);
    result.query = {part(all, values, 0), taker_.require(self + "q_bias", 1)};
    result.key = {part(all, values, 1), {}};
    result.value = {part(all, values, 2), taker_.require(self + "v_bias", 1)};
    if (!disentangled()) return;
    if (own_.by_query) result.position_key = without_bias(self + "pos_proj");
    if (own_.by_key) result.position_query = taker_.dense(self + "pos_q_proj");
  }

  Weight part(const Weight& all, const std::vector<float>& values, std::size_t which) {
    const std::size_t hidden = config_.hidden;
    const std::size_t head = hidden / config_.heads * hidden;  // values of a head's rows
    std::vector<float> own;
    own.reserve(hidden * hidden);
    for (std::size_t i = 0; i < config_.heads; ++i) {
      const auto first = values.begin() + static_cast<std::ptrdiff_t>((3 * i + which) * head);
      own.insert(own.end(), first, first + static_cast<std::ptrdiff_t>(head));
    }
    const auto width = static_cast<std::int64_t>(hidden);
    Weight weight = all;
    give_values(weight, std::move(own), {width, width}, "part " + std::to_string(which), made_);
    return weight;
  }

  WeightTaker& taker_;
  const CheckpointConfig& config_;
  const DisentangledConfig& own_;
  std::deque<std::vector<float>>& made_;
};

}  // namespace

EncoderSpec deberta_encoder(WeightTaker& taker, const CheckpointConfig& config, std::deque<std::vector<float>>& made) {
  return DebertaReader(taker, config, made).read();
}

}  // namespace bertrt::family
