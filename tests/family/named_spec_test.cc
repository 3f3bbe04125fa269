// Names to specs: which weight goes where, which constants decide what, and what is refused.
#include "family/named_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"

namespace bertrt::family {
namespace {

// A file of weights without values: a spec only passes them on.
class Weights {
 public:
  void add(const std::string& name, std::vector<std::int64_t> shape,
           archive::ElementType type = archive::ElementType::float32) {
    Weight weight{name, {}};
    weight.tensor.type = type;
    weight.tensor.strides.assign(shape.size(), 1);
    weight.tensor.shape = std::move(shape);
    weights_[name] = weight;
  }
  void dense(const std::string& name, std::int64_t out, std::int64_t in) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  void norm(const std::string& name, std::int64_t width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  void remove(const std::string& name) { weights_.erase(name); }

  NamedWeights named() const {
    NamedWeights named{.where = "a file", .names = {}, .find = {}};
    for (const auto& [name, weight] : weights_) named.names.push_back(name);
    named.find = [this](const std::string& name) -> std::optional<Weight> {
      const auto found = weights_.find(name);
      return found == weights_.end() ? std::nullopt : std::optional(found->second);
    };
    return named;
  }

 private:
  std::map<std::string, Weight> weights_;
};

void add_embeddings(Weights& weights, const std::string& prefix, std::int64_t width) {
  weights.add(prefix + "embeddings.word_embeddings.weight", {30, width});
  weights.add(prefix + "embeddings.position_embeddings.weight", {20, width});
  weights.add(prefix + "embeddings.token_type_embeddings.weight", {2, width});
  weights.add(prefix + "embeddings.position_ids", {1, 20}, archive::ElementType::int64);
  weights.norm(prefix + "embeddings.LayerNorm", width);
}

Weights bert(const std::string& prefix, int layers = 2) {
  Weights weights;
  add_embeddings(weights, prefix, 8);
  for (int i = 0; i < layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i) + ".";
    for (const char* name : {"query", "key", "value"}) weights.dense(layer + "attention.self." + name, 8, 8);
    weights.dense(layer + "attention.output.dense", 8, 8);
    weights.norm(layer + "attention.output.LayerNorm", 8);
    weights.dense(layer + "intermediate.dense", 12, 8);
    weights.dense(layer + "output.dense", 8, 12);
    weights.norm(layer + "output.LayerNorm", 8);
  }
  return weights;
}

NamedConstants constants(std::size_t layers = 2) {
  NamedConstants result;
  result.architecture = "bert";
  result.layers = layers;
  result.heads = 2;
  result.layer_norm_eps = 1e-7F;
  return result;
}

ErrorCode code_of(const Weights& weights, const NamedConstants& known) {
  try {
    named_model(weights.named(), known);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::io;
}

TEST(NamedSpec, AnEncoder) {
  Weights weights = bert("bert.");
  weights.dense("bert.pooler.dense", 8, 8);
  NamedConstants known = constants();
  known.activation = Activation::relu;
  const NamedModel model = named_model(weights.named(), known);
  EXPECT_EQ(model.task, "encoder");
  EXPECT_FALSE(model.head.has_value());
  const EncoderSpec& spec = model.encoder;
  EXPECT_EQ(spec.architecture, "bert");
  EXPECT_EQ(spec.hidden, 8U);
  EXPECT_EQ(spec.heads, 2U);
  EXPECT_EQ(spec.mask, MaskKind::keys);
  EXPECT_EQ(spec.embeddings.position_scheme, PositionScheme::absolute);
  EXPECT_EQ(spec.embeddings.types->name, "bert.embeddings.token_type_embeddings.weight");
  EXPECT_EQ(spec.embeddings.norm.eps, 1e-7F);
  ASSERT_EQ(spec.layers.size(), 2U);
  EXPECT_EQ(spec.layers[1].key.weight.name, "bert.encoder.layer.1.attention.self.key.weight");
  EXPECT_EQ(spec.layers[1].key.bias->name, "bert.encoder.layer.1.attention.self.key.bias");
  EXPECT_EQ(spec.layers[1].attention_norm.beta.name, "bert.encoder.layer.1.attention.output.LayerNorm.bias");
  EXPECT_EQ(spec.layers[1].ffn_out.in(), 12U);
  EXPECT_EQ(spec.layers[1].activation, Activation::relu);
  EXPECT_EQ(spec.layers[1].scale, 0.5F);
  EXPECT_EQ(spec.layers[0].ffn_norm.eps, 1e-7F);
  EXPECT_EQ(spec.pooler->weight.name, "bert.pooler.dense.weight");
}

TEST(NamedSpec, TheConstantsDecideWhatNamesDoNotTell) {
  NamedConstants known = constants();
  known.counted_positions = true;
  known.padding_id = 1;
  known.takes_types = false;
  known.takes_mask = false;
  const EncoderSpec spec = named_model(bert("").named(), known).encoder;
  EXPECT_EQ(spec.embeddings.position_scheme, PositionScheme::counted);
  EXPECT_EQ(spec.embeddings.padding_id, 1);
  EXPECT_FALSE(spec.embeddings.takes_types);
  EXPECT_EQ(spec.mask, MaskKind::none);
}

TEST(NamedSpec, AlbertsLayersAreOneThatRepeats) {
  Weights weights;
  add_embeddings(weights, "albert.", 4);
  weights.dense("albert.encoder.embedding_hidden_mapping_in", 8, 4);
  const std::string layer = "albert.encoder.albert_layer_groups.0.albert_layers.0.";
  for (const char* name : {"query", "key", "value", "dense"}) weights.dense(layer + "attention." + name, 8, 8);
  weights.norm(layer + "attention.LayerNorm", 8);
  weights.dense(layer + "ffn", 12, 8);
  weights.dense(layer + "ffn_output", 8, 12);
  weights.norm(layer + "full_layer_layer_norm", 8);
  const EncoderSpec spec = named_model(weights.named(), constants(5)).encoder;
  ASSERT_EQ(spec.layers.size(), 5U);
  EXPECT_EQ(spec.layers[4].query.weight.name, layer + "attention.query.weight");
  EXPECT_EQ(spec.embeddings.projection->weight.name, "albert.encoder.embedding_hidden_mapping_in.weight");
}

TEST(NamedSpec, AMaskedLmHeadThatIsTied) {
  Weights weights = bert("bert.");
  weights.dense("cls.predictions.transform.dense", 8, 8);
  weights.norm("cls.predictions.transform.LayerNorm", 8);
  weights.add("cls.predictions.bias", {30});
  NamedModel model = named_model(weights.named(), constants());
  EXPECT_EQ(model.task, "masked-lm");
  ASSERT_TRUE(model.head.has_value());
  EXPECT_EQ(model.head->reads, HeadSpec::Reads::tokens);
  EXPECT_EQ(model.head->output.weight.name, "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(model.head->output.bias->name, "cls.predictions.bias");
  EXPECT_EQ(model.head->activation, Activation::gelu_erf);
  weights.dense("cls.predictions.decoder", 30, 8);
  model = named_model(weights.named(), constants());
  EXPECT_EQ(model.head->output.weight.name, "cls.predictions.decoder.weight");
  EXPECT_EQ(model.head->output.bias->name, "cls.predictions.decoder.bias");
}

TEST(NamedSpec, Classifiers) {
  Weights weights = bert("bert.");
  weights.dense("classifier", 3, 8);
  NamedModel model = named_model(weights.named(), constants());
  EXPECT_EQ(model.task, "token-classification");
  EXPECT_EQ(model.head->reads, HeadSpec::Reads::tokens);
  weights.dense("bert.pooler.dense", 8, 8);
  model = named_model(weights.named(), constants());
  EXPECT_EQ(model.task, "sequence-classification");
  EXPECT_EQ(model.head->reads, HeadSpec::Reads::pooled);
  EXPECT_EQ(model.head->output.out(), 3U);
  weights.dense("qa_outputs", 3, 8);
  EXPECT_EQ(code_of(weights, constants()), ErrorCode::model_mismatch);  // a start and an end, not three
  NamedConstants known = constants();
  known.task = "next-sentence";
  EXPECT_EQ(code_of(weights, known), ErrorCode::unsupported);
}

TEST(NamedSpec, WhatIsNotUnderstoodIsRefused) {
  Weights weights = bert("bert.");
  weights.add("bert.encoder.layer.0.attention.self.distance_embedding.weight", {39, 4});
  EXPECT_EQ(code_of(weights, constants()), ErrorCode::unsupported);
  weights = bert("bert.");
  weights.remove("bert.encoder.layer.1.output.LayerNorm.bias");
  EXPECT_EQ(code_of(weights, constants()), ErrorCode::model_mismatch);
  weights = bert("bert.");
  weights.add("bert.encoder.layer.1.output.dense.weight", {8, 12, 1});
  EXPECT_EQ(code_of(weights, constants()), ErrorCode::model_mismatch);
  EXPECT_EQ(code_of(bert("bert."), constants(3)), ErrorCode::model_mismatch);
  EXPECT_EQ(code_of(bert("bert."), constants(0)), ErrorCode::model_mismatch);
  NamedConstants known = constants();
  known.heads = 0;
  EXPECT_EQ(code_of(bert("bert."), known), ErrorCode::model_mismatch);
  known.heads = 9;  // more than the hidden size: a head of no values
  EXPECT_EQ(code_of(bert("bert."), known), ErrorCode::model_mismatch);
  EXPECT_EQ(code_of(Weights(), constants()), ErrorCode::unsupported);
}

TEST(NamedSpec, Activations) {
  EXPECT_EQ(activation_by_name("gelu", "here"), Activation::gelu_erf);
  EXPECT_EQ(activation_by_name("gelu_new", "here"), Activation::gelu_tanh);
  EXPECT_THROW(activation_by_name("silu", "here"), Error);
  EXPECT_THROW(activation_by_name("", "here"), Error);
}

}  // namespace
}  // namespace bertrt::family
