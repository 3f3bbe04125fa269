#include "family/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "archive/safetensors.h"
#include "error_matchers.h"

namespace bertrt::family {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A golden checkpoint's copy, to be spoilt.
class CheckpointTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }

  void copy(const std::string& name) {
    fs::remove_all(folder_);  // a test may ask for several
    folder_ = fs::path(testing::TempDir()) / ("checkpoint_" + name + std::to_string(std::random_device()()));
    fs::create_directories(folder_);
    const fs::path from = fs::path(BERTRT_TEST_DATA) / "checkpoints" / name;
    for (const char* file : {"config.json", "model.safetensors"}) {
      if (fs::exists(from / file)) fs::copy(from / file, folder_ / file);
    }
  }

  void set(const std::string& key, const nlohmann::json& value) const {
    nlohmann::json config = nlohmann::json::parse(read_file(folder_ / "config.json"));
    config[key] = value;
    std::ofstream(folder_ / "config.json") << config.dump();
  }

  // One number more.
  void add(const std::string& name) const { rename("", name); }

  // Writes the weights anew under other names; an empty name leaves a weight out.
  void rename(const std::string& from, const std::string& to) const {
    const std::string bytes = read_file(folder_ / "model.safetensors");
    nlohmann::json header;
    std::string data;
    for (const archive::NamedTensor& one : archive::read_safetensors(std::as_bytes(std::span(bytes)), "test")) {
      const std::string name = one.name == from ? to : one.name;
      if (name.empty()) continue;
      const auto* begin = reinterpret_cast<const char*>(one.tensor.storage.data());
      header[name] = {{"dtype", one.tensor.type == archive::ElementType::int64 ? "I64" : "F32"},
                      {"shape", one.tensor.shape},
                      {"data_offsets", {data.size(), data.size() + one.tensor.storage.size()}}};
      data.append(begin, one.tensor.storage.size());
    }
    if (from.empty()) {
      header[to] = {{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {data.size(), data.size() + 4}}};
      data.append(4, '\0');
    }
    const std::string text = header.dump();
    std::string out;
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(text.size() >> (8 * i)));
    std::ofstream(folder_ / "model.safetensors", std::ios::binary) << out + text + data;
  }

  Checkpoint read() const { return read_checkpoint(folder_); }
  std::string refused() const {
    return thrown_by([&] { (void)read(); }).what();
  }

  fs::path folder_;
};

TEST_F(CheckpointTest, AFolderOrItsConfig) {
  copy("bert");
  EXPECT_TRUE(is_checkpoint(folder_));
  EXPECT_TRUE(is_checkpoint(folder_ / "config.json"));
  EXPECT_FALSE(is_checkpoint(folder_ / "model.safetensors"));
  EXPECT_EQ(read_checkpoint(folder_ / "config.json").folder, folder_);
  EXPECT_TRUE(read().findings.empty());
}

TEST_F(CheckpointTest, SizesAreThoseOfTheConfig) {
  copy("bert");
  set("vocab_size", 41);
  EXPECT_THAT(refused(), HasSubstr("41 x 32 (vocab_size"));
  copy("bert");
  set("intermediate_size", 47);
  EXPECT_THAT(refused(), HasSubstr("intermediate_size"));
  copy("bert");
  set("max_position_embeddings", 512);
  EXPECT_THAT(refused(), HasSubstr("max_position_embeddings"));
  for (const int layers : {1, 4}) {
    copy("bert");
    set("num_hidden_layers", layers);
    EXPECT_THAT(refused(), HasSubstr(std::to_string(layers) + " layers, as config.json says"));
  }
}

TEST_F(CheckpointTest, EveryWeightIsThereAndNoOther) {
  copy("bert");
  rename("encoder.layer.1.output.dense.weight", "");
  EXPECT_THAT(refused(), HasSubstr("encoder.layer.1.output.dense.weight"));
  copy("bert");
  add("encoder.layer.0.attention.self.distance_embedding.weight");
  EXPECT_THAT(refused(), HasSubstr("distance_embedding"));
  copy("roberta-sequence");
  add("roberta.lora.weight");
  EXPECT_THAT(refused(), HasSubstr("roberta.lora.weight"));
  copy("bert");
  rename("encoder.layer.0.intermediate.dense.bias", "");
  EXPECT_THAT(refused(), HasSubstr("intermediate.dense.bias"));
  copy("bert");
  rename("embeddings.token_type_embeddings.weight", "");
  EXPECT_THAT(refused(), HasSubstr("token_type_embeddings"));
}

TEST_F(CheckpointTest, FrequenciesWithoutRotaryPositionsAreReadByNobody) {
  copy("bert");
  add("encoder.layer.0.attention.self.rotary_emb.inv_freq");
  EXPECT_TRUE(read().findings.empty());
  copy("gte-masked-lm");
  add("encoder.layer.0.attention.rotary_emb.inv_freq");
  EXPECT_THAT(refused(), HasSubstr("inv_freq"));
}

TEST_F(CheckpointTest, ACrossEncodersClassifierIsReadWhateverArchitecturesSays) {
  for (const nlohmann::json& classes : {nlohmann::json(), nlohmann::json::array(), nlohmann::json({"BertModel"}),
                                        nlohmann::json({"BertForMaskedLM"}), nlohmann::json({"Other"})}) {
    SCOPED_TRACE(classes.dump());
    copy("roberta-sequence");
    const std::size_t labels = read().config.num_labels;
    set("architectures", classes);
    EXPECT_TRUE(read().heads.empty());
    // Python makes it one of one label then, which these weights are not.
    ASSERT_GT(labels, 1U);
    const Error error = thrown_by([&] { (void)read_checkpoint(folder_, false, true); });
    EXPECT_THAT(error.what(), HasSubstr("1 x 32 (one label"));
  }
}

TEST_F(CheckpointTest, WeightsAreFloatingPoint) {
  copy("bert");
  std::string bytes = read_file(folder_ / "model.safetensors");
  const std::size_t at = bytes.find("\"F32\"", bytes.find("encoder.layer.1.output.dense.bias"));
  bytes.replace(at, 5, "\"I32\"");
  std::ofstream(folder_ / "model.safetensors", std::ios::binary) << bytes;
  EXPECT_THAT(refused(), HasSubstr("encoder.layer.1.output.dense.bias: expected floating-point numbers"));
}

TEST_F(CheckpointTest, WithoutThePoolerThereIsNoPooledOutput) {
  copy("bert");
  rename("pooler.dense.weight", "");
  rename("pooler.dense.bias", "");
  EXPECT_FALSE(read().encoder.pooler.has_value());
}

TEST_F(CheckpointTest, WeightsBesideTheEncoderAreAFinding) {
  copy("bert");
  add("my_head.bias");
  const Checkpoint checkpoint = read();
  ASSERT_EQ(checkpoint.findings.size(), 1U);
  EXPECT_THAT(checkpoint.findings[0], HasSubstr("my_head.bias"));
}

TEST_F(CheckpointTest, WhatPretrainingLeftBehindIsNoWeightOfTheEncoder) {
  copy("deberta-v3-tokens");
  add("deberta.embeddings.word_embeddings._weight");
  add("deberta.embeddings.position_embeddings._weight");
  EXPECT_TRUE(read().findings.empty());
  add("deberta.embeddings.word_embeddings.other_weight");
  EXPECT_THAT(refused(), HasSubstr("other_weight"));
}

TEST_F(CheckpointTest, TiedWordsMayStandUnderEitherName) {
  copy("roberta-masked-lm");
  rename("roberta.embeddings.word_embeddings.weight", "lm_head.decoder.weight");
  const Checkpoint checkpoint = read();
  EXPECT_EQ(checkpoint.heads.at(0).spec.output.weight.tensor.storage.data(),
            checkpoint.encoder.embeddings.words.tensor.storage.data());
  set("tie_word_embeddings", false);
  EXPECT_THAT(refused(), HasSubstr("word_embeddings.weight"));
}

TEST_F(CheckpointTest, AnUntiedDecoderMustBeThere) {
  copy("bert-untied");
  rename("cls.predictions.decoder.weight", "");
  EXPECT_THAT(refused(), HasSubstr("cls.predictions.decoder.weight"));
}

// transformers 4 gives an untied decoder the head's bias, 5 one of its own.
TEST_F(CheckpointTest, AnUntiedDecoderWithoutABiasHasTheHeads) {
  copy("bert-untied");
  rename("cls.predictions.decoder.bias", "");
  const Checkpoint checkpoint = read();
  EXPECT_TRUE(checkpoint.heads.at(0).spec.output.bias);
  ASSERT_EQ(checkpoint.findings.size(), 1U);
  EXPECT_THAT(checkpoint.findings[0], HasSubstr("cls.predictions.decoder.bias"));
}

// As all-mpnet-base-v2 and many embedders are: saved as encoders, with the name of the class that they came from.
TEST_F(CheckpointTest, AnEncoderMayNameAHeadThatTheWeightsHaveNot) {
  for (const auto& [folder, name] :
       {std::pair("bert", "BertForSequenceClassification"), std::pair("mpnet", "MPNetForMaskedLM"),
        std::pair("bert", "BertForPreTraining"), std::pair("bert", "BertForQuestionAnswering")}) {
    copy(folder);
    set("architectures", {name});
    const Checkpoint checkpoint = read();
    EXPECT_TRUE(checkpoint.heads.empty()) << name;
    ASSERT_EQ(checkpoint.findings.size(), 1U) << name;
    EXPECT_THAT(checkpoint.findings[0], HasSubstr(name + std::string(" has a head that the weights have not")));
  }
  // One of two heads, and its output's name as that of the class that has it alone.
  copy("bert-pretraining");
  rename("cls.seq_relationship.weight", "");
  EXPECT_THAT(refused(), HasSubstr("cls.seq_relationship.weight"));  // half a head is an error
  rename("cls.seq_relationship.bias", "");
  const Checkpoint checkpoint = read();
  ASSERT_EQ(checkpoint.heads.size(), 1U);
  EXPECT_EQ(checkpoint.heads[0].output, "logits");
  EXPECT_THAT(checkpoint.findings.at(0), HasSubstr("read without it"));
  for (const char* half : {"lm_head.dense.bias", "lm_head.layer_norm.weight", "lm_head.bias"}) {
    copy("roberta-masked-lm");
    rename(half, "");
    EXPECT_THAT(refused(), HasSubstr(half)) << half;
  }
}

// A head that is nothing but the words again needs no weights.
TEST_F(CheckpointTest, AHeadOfTiedWordsAloneIsThere) {
  copy("eurobert-masked-lm");
  rename("lm_head.weight", "");
  EXPECT_TRUE(read().heads.empty());
  set("tie_word_embeddings", true);
  EXPECT_EQ(read().heads.size(), 1U);
}

TEST_F(CheckpointTest, AClassThatIsNotKnownIsAFinding) {
  copy("bert");
  set("architectures", {"SomethingOfMyOwn"});
  const Checkpoint checkpoint = read();
  EXPECT_TRUE(checkpoint.heads.empty());
  EXPECT_THAT(checkpoint.findings.at(0), HasSubstr("SomethingOfMyOwn"));
}

// Whatever the family calls its classifier: that it is read by nobody has one reason.
TEST_F(CheckpointTest, AFolderThatNamesNoClassSaysSoWhereAHeadIsNotRead) {
  const std::string reason = "architectures: config.json names none";
  for (const char* name : {"roberta-sequence", "distilbert-sequence", "xlm-roberta-tokens", "modernbert-tokens",
                           "modernbert-masked-lm", "jina-sequence", "qwen3-sequence", "bert-tokens-old-names"}) {
    for (const nlohmann::json& classes : {nlohmann::json(), nlohmann::json::array()}) {
      copy(name);
      set("architectures", classes);
      const Checkpoint checkpoint = read();
      EXPECT_TRUE(checkpoint.heads.empty()) << name;
      EXPECT_THAT(checkpoint.findings, testing::Contains(HasSubstr(reason))) << name;
    }
  }
  // DeBERTa's classifier has a pooler beside the encoder, which could be one of another family's encoder.
  copy("deberta-sequence");
  set("architectures", nlohmann::json::array());
  EXPECT_THAT(refused(), HasSubstr("pooler.dense"));
  EXPECT_THAT(refused(), HasSubstr(reason));
  // No head, no reason.
  copy("bert");
  set("architectures", nlohmann::json::array());
  EXPECT_TRUE(read().findings.empty());
  add("bert.lora.weight");
  EXPECT_THAT(read().findings, testing::Contains(HasSubstr(reason)));
}

TEST_F(CheckpointTest, HeadsThatArchitecturesDoesNotNameAreFoundByTheirNames) {
  copy("bert-pretraining");
  set("architectures", {"BertModel"});
  const Checkpoint checkpoint = read();
  ASSERT_EQ(checkpoint.heads.size(), 2U);
  EXPECT_EQ(checkpoint.heads[0].kind, HeadKind::masked_lm);
  EXPECT_EQ(checkpoint.heads[0].output, "logits");
  EXPECT_EQ(checkpoint.heads[1].kind, HeadKind::next_sentence);
}

TEST_F(CheckpointTest, AHeadIsNamedAsItsClassNamesIt) {
  copy("bert-pretraining");
  EXPECT_EQ(read().heads.at(0).output, "prediction_logits");
  EXPECT_EQ(read().heads.at(1).output, "seq_relationship_logits");
  set("architectures", {"BertForNextSentencePrediction"});
  EXPECT_EQ(read().heads.at(0).kind, HeadKind::next_sentence);
  EXPECT_EQ(read().heads.at(0).output, "logits");
}

TEST_F(CheckpointTest, ClassesAreTheLabels) {
  copy("roberta-sequence");
  set("id2label", {{"0", "a"}, {"1", "b"}});
  EXPECT_THAT(refused(), HasSubstr("labels"));
}

TEST_F(CheckpointTest, DistancesAreThoseOfTheConfig) {
  copy("bert-relative-key");
  EXPECT_TRUE(read().encoder.layers.at(1).distances.has_value());
  EXPECT_EQ(read().encoder.max_length, 24U);
  set("max_position_embeddings", 23);
  EXPECT_THAT(refused(), HasSubstr("twice max_position_embeddings less 1"));
  copy("bert-relative-key");
  rename("encoder.layer.1.attention.self.distance_embedding.weight", "");
  EXPECT_THAT(refused(), HasSubstr("encoder.layer.1.attention.self.distance_embedding.weight"));
  copy("bert-relative-key");
  set("position_embedding_type", "absolute");
  EXPECT_THAT(refused(), HasSubstr("distance_embedding"));
}

TEST_F(CheckpointTest, JinasTwoKindsAreToldByTheirWeights) {
  copy("jina-sequence");
  EXPECT_EQ(read().config.family->layout, EncoderLayout::jina);
  EXPECT_EQ(read().encoder.slopes.size(), 4U);
  copy("jina-code");
  EXPECT_EQ(read().config.family->layout, EncoderLayout::jina_code);
  rename("encoder.layer.1.attention.self.layer_norm_k.weight", "");
  EXPECT_THAT(refused(), HasSubstr("encoder.layer.1.attention.self.layer_norm_k.weight"));
}

TEST_F(CheckpointTest, JinasEmbeddersNameAHeadThatTheyHaveNot) {
  copy("jina");
  set("architectures", {"JinaBertForMaskedLM"});
  const Checkpoint checkpoint = read();
  EXPECT_TRUE(checkpoint.heads.empty());
  ASSERT_EQ(checkpoint.findings.size(), 2U);
  EXPECT_THAT(checkpoint.findings[1], HasSubstr("JinaBertForMaskedLM"));
  copy("jina-masked-lm");
  EXPECT_EQ(read().heads.size(), 1U);
  rename("cls.predictions.transform.dense.bias", "");
  EXPECT_THAT(refused(), HasSubstr("cls.predictions.transform.dense.bias"));  // half a head is an error
}

TEST_F(CheckpointTest, EsmsFrequenciesAreTheFilesOwn) {
  copy("esm-absolute");
  EXPECT_TRUE(read().encoder.rotary.empty());
  copy("esm-masked-lm");
  const std::vector<float> frequencies = read().encoder.rotary.at(0).frequencies;
  ASSERT_EQ(frequencies.size(), 4U);
  // Under the names that they had and have, half as exact as what is computed.
  copy("esm-sequence-half");
  const std::string old = ".attention.self.rotary_embeddings.inv_freq";
  EXPECT_NE(read().encoder.rotary.at(0).frequencies.at(1), 1 / std::pow(500.0F, 0.25F));
  EXPECT_NEAR(read().encoder.rotary.at(0).frequencies.at(1), 1 / std::pow(500.0F, 0.25F), 1e-3F);
  copy("esm-masked-lm");
  rename("esm.encoder.layer.*" + old, "esm.encoder.layer.1" + old);
  EXPECT_EQ(read().encoder.rotary.at(0).frequencies, frequencies);
  EXPECT_TRUE(read().findings.empty());
  rename("esm.encoder.layer.1" + old, "esm.rotary_embeddings.inv_freq");
  EXPECT_EQ(read().encoder.rotary.at(0).frequencies, frequencies);
  rename("esm.rotary_embeddings.inv_freq", "");
  EXPECT_EQ(read().encoder.rotary.at(0).frequencies, frequencies);  // computed
}

TEST_F(CheckpointTest, RoFormersAnglesMayBeLeftOut) {
  copy("roformer-masked-lm");
  const std::vector<float> stored = read().encoder.rotary.at(0).table;
  rename("roformer.encoder.embed_positions.weight", "");
  const std::vector<float> made = read().encoder.rotary.at(0).table;
  ASSERT_EQ(made.size(), stored.size());
  for (std::size_t i = 0; i < made.size(); ++i) ASSERT_NEAR(made[i], stored[i], 1e-7F) << i;
  set("max_position_embeddings", 1 << 30);
  EXPECT_THAT(refused(), HasSubstr("max_position_embeddings"));
}

TEST_F(CheckpointTest, AnAdapterBesideTheWeightsIsRefused) {
  copy("bert");
  EXPECT_EQ(read_checkpoint(folder_).config.model_type, "bert");
  std::ofstream(folder_ / "adapter_config.json") << R"({"peft_type":"LORA"})";
  EXPECT_THAT(refused(), HasSubstr("merge it first"));
}

TEST_F(CheckpointTest, AFolderWithoutWeightsOrConfig) {
  copy("bert");
  fs::remove(folder_ / "model.safetensors");
  EXPECT_THAT(refused(), HasSubstr("model.safetensors"));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(refused(), HasSubstr("config.json"));
  EXPECT_FALSE(is_checkpoint(folder_));
}

}  // namespace
}  // namespace bertrt::family
