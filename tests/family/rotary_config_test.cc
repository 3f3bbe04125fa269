// What the config.json of a family with rotary positions may say, and what is refused by its name.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "error_matchers.h"
#include "family/config.h"

namespace bertrt::family {
namespace {

using testing::HasSubstr;
using Reads = HeadSpec::Reads;

// The settings of checkpoints that many people have, as they stand in those folders.
constexpr const char* kModernBertBase =
    R"("architectures":["ModernBertForMaskedLM"],"attention_bias":false,"attention_dropout":0.0,"bos_token_id":50281,)"
    R"("classifier_activation":"gelu","classifier_bias":false,"classifier_dropout":0.0,"classifier_pooling":"mean",)"
    R"("cls_token_id":50281,"decoder_bias":true,"deterministic_flash_attn":false,"embedding_dropout":0.0,)"
    R"("eos_token_id":50282,"global_attn_every_n_layers":3,"global_rope_theta":160000.0,"gradient_checkpointing":false,)"
    R"("hidden_activation":"gelu","hidden_size":768,"initializer_cutoff_factor":2.0,"initializer_range":0.02,)"
    R"("intermediate_size":1152,"layer_norm_eps":1e-05,"local_attention":128,"local_rope_theta":10000.0,)"
    R"("max_position_embeddings":8192,"mlp_bias":false,"mlp_dropout":0.0,"norm_bias":false,"norm_eps":1e-05,)"
    R"("num_attention_heads":12,"num_hidden_layers":22,"pad_token_id":50283,"position_embedding_type":"absolute",)"
    R"("sep_token_id":50282,"tie_word_embeddings":true,"torch_dtype":"float32","transformers_version":"4.47.0.dev0",)"
    R"("vocab_size":50368)";
constexpr const char* kEuroBert210m =
    R"("architectures":["EuroBertForMaskedLM"],"attention_bias":false,"attention_dropout":0.0,)"
    R"("auto_map":{"AutoConfig":"a.B","AutoModel":"a.C"},"bos_token":"<|begin_of_text|>","bos_token_id":128000,)"
    R"("clf_pooling":"late","eos_token":"<|end_of_text|>","eos_token_id":128001,"head_dim":64,"hidden_act":"silu",)"
    R"("hidden_dropout":0.0,"hidden_size":768,"initializer_range":0.02,"intermediate_size":3072,"mask_token":"<|mask|>",)"
    R"("mask_token_id":128002,"max_position_embeddings":8192,"mlp_bias":false,"num_attention_heads":12,)"
    R"("num_hidden_layers":12,"num_key_value_heads":12,"pad_token":"<|end_of_text|>","pad_token_id":128001,)"
    R"("pretraining_tp":1,"rms_norm_eps":1e-05,"rope_scaling":null,"rope_theta":250000,"tie_word_embeddings":false,)"
    R"("torch_dtype":"bfloat16","transformers_version":"4.40.0.dev0","use_cache":false,"vocab_size":128256)";

CheckpointConfig read(const std::string& settings, const std::string& model_type) {
  const std::string text = R"({"model_type":")" + model_type + "\"" + (settings.empty() ? "" : "," + settings) + "}";
  return read_config(text, "config.json");
}

std::string refused(const std::string& settings, const std::string& model_type) {
  return thrown_by([&] { (void)read(settings, model_type); }).what();
}

float second_frequency(const CheckpointConfig& config, std::size_t layer) {
  return config.rotary->ways.at(config.rotary->way_of_layer.at(layer)).frequencies.at(1);
}

TEST(RotaryConfig, ModernBertBaseAsItStands) {
  const CheckpointConfig config = read(kModernBertBase, "modernbert");
  EXPECT_EQ(config.layer_norm_eps, 1e-5F);
  EXPECT_EQ(config.positions, 8192U);
  EXPECT_EQ(config.types, 0U);
  ASSERT_EQ(config.rotary->windows.size(), 22U);
  EXPECT_EQ(config.rotary->windows[0], 0U);  // 0: all
  EXPECT_EQ(config.rotary->windows[1], 64U);
  EXPECT_EQ(config.rotary->windows[3], 0U);
  EXPECT_FLOAT_EQ(second_frequency(config, 0), std::pow(160000.0F, -1.0F / 32));
  EXPECT_FLOAT_EQ(second_frequency(config, 1), std::pow(10000.0F, -1.0F / 32));
  EXPECT_EQ(config.rotary->pooling, Reads::mean);
  EXPECT_FALSE(config.rotary->norm_bias);
  EXPECT_TRUE(config.rotary->decoder_bias);
  EXPECT_TRUE(config.findings.empty());
}

TEST(RotaryConfig, EuroBertAsItStands) {
  const CheckpointConfig config = read(kEuroBert210m, "eurobert");
  EXPECT_EQ(config.layer_norm_eps, 1e-5F);
  EXPECT_FALSE(config.tied);
  EXPECT_EQ(config.rotary->pooling, Reads::late);
  EXPECT_FLOAT_EQ(second_frequency(config, 11), std::pow(250000.0F, -1.0F / 32));
  // Whose code its numbers are is said.
  ASSERT_EQ(config.findings.size(), 1U);
  EXPECT_THAT(config.findings[0], HasSubstr("auto_map"));
}

TEST(RotaryConfig, WhatAFileLeavesOutIsThePythonDefault) {
  EXPECT_FLOAT_EQ(second_frequency(read("", "nomic_bert"), 0), std::pow(1000.0F, -1.0F / 32));
  EXPECT_FLOAT_EQ(second_frequency(read("", "gte"), 0), std::pow(160000.0F, -1.0F / 32));
  EXPECT_FLOAT_EQ(second_frequency(read("", "jina_embeddings_v3"), 0), std::pow(20000.0F, -1.0F / 32));
  EXPECT_EQ(read("", "gte").types, 1U);
  EXPECT_EQ(read(R"("type_vocab_size":0)", "gte").types, 0U);
  EXPECT_EQ(read("", "jina_embeddings_v3").positions, 8194U);
  EXPECT_EQ(read("", "nomic_bert").types, 2U);
}

TEST(RotaryConfig, FrequenciesAreDividedWhereTheyAreLinear) {
  const std::string linear = R"("rope_parameters":{"rope_type":"linear","factor":4.0,"rope_theta":100.0})";
  EXPECT_FLOAT_EQ(second_frequency(read(linear, "gte"), 0), std::pow(100.0F, -1.0F / 32) / 4);
  // By its older name, and by both where they agree.
  const std::string old = R"("rope_scaling":{"type":"linear","factor":4.0},"rope_theta":100.0)";
  EXPECT_FLOAT_EQ(second_frequency(read(old, "gte"), 0), std::pow(100.0F, -1.0F / 32) / 4);
  EXPECT_NO_THROW(read(R"("rope_scaling":{"rope_theta":9.0},"rope_parameters":{"rope_theta":9.0})", "gte"));
}

TEST(RotaryConfig, KindsOfLayersByName) {
  const CheckpointConfig config =
      read(R"("num_hidden_layers":2,"layer_types":["sliding_attention","full_attention"],"local_attention":9)",
           "modernbert");
  EXPECT_EQ(config.rotary->windows, (std::vector<std::size_t>{4, 0}));
  EXPECT_EQ(config.rotary->way_of_layer, (std::vector<std::size_t>{1, 0}));
}

TEST(RotaryConfig, WhatIsNotComputedIsRefusedByItsName) {
  struct Case {
    const char* model_type;
    const char* settings;
    const char* message;
  };
  const Case cases[] = {
      {"gte", R"("rope_parameters":{"rope_type":"yarn","factor":2.0,"rope_theta":1.0})", "rope_parameters"},
      {"gte", R"("rope_scaling":{"type":"dynamic","factor":2.0})", "rope_scaling"},
      {"gte", R"("rope_scaling":{"type":"ntk","factor":2.0})", "rope_scaling"},
      {"gte", R"("rope_parameters":{"rope_type":"linear"})", "factor"},
      {"gte", R"("rope_parameters":{"rope_theta":0})", "rope_theta"},
      {"gte", R"("rope_parameters":{"rope_theta":"x"})", "rope_theta"},
      {"gte", R"("rope_parameters":[])", "rope_parameters"},
      {"gte", R"("rope_parameters":{"partial_rotary_factor":0.5})", "partial_rotary_factor"},
      {"gte", R"("rope_parameters":{"full_attention":{"rope_theta":9.0}})", "full_attention"},
      {"gte", R"("rope_scaling":{"rope_theta":9.0},"rope_parameters":{"rope_theta":8.0})", "rope_scaling"},
      {"gte", R"("rope_theta":-1)", "rope_theta"},
      {"gte", R"("partial_rotary_factor":0.5)", "partial_rotary_factor"},
      {"gte", R"("hidden_size":12,"num_attention_heads":4)", "even"},
      {"nomic_bert", R"("head_dim":32)", "head_dim"},
      {"nomic_bert", R"("moe_every_n_layers":2)", "moe_every_n_layers"},
      {"nomic_bert", R"("auto_map":{"AutoModel":"a.B"})", "auto_map"},
      {"eurobert", R"("num_key_value_heads":5)", "num_key_value_heads"},
      {"eurobert", R"("num_key_value_heads":0)", "num_key_value_heads"},
      {"eurobert", R"("classifier_pooling":"cls")", "classifier_pooling"},
      {"eurobert", R"("clf_pooling":"mean")", "clf_pooling"},
      {"eurobert", R"("classifier_pooling":"late","clf_pooling":"bos")", "clf_pooling"},
      {"eurobert", R"("pretraining_tp":2)", "pretraining_tp"},
      {"modernbert", R"("layer_types":["full_attention"])", "layer_types"},
      {"modernbert", R"("num_hidden_layers":1,"layer_types":["chunked_attention"])", "layer_types"},
      {"modernbert", R"("num_hidden_layers":1,"layer_types":[1])", "layer_types"},
      {"modernbert", R"("global_attn_every_n_layers":0)", "global_attn_every_n_layers"},
      {"modernbert", R"("local_attention":-1)", "local_attention"},
      {"modernbert", R"("classifier_pooling":"max")", "classifier_pooling"},
      {"modernbert", R"("classifier_activation":"mish")", "classifier_activation"},
      {"modernbert", R"("hidden_activation":"mish")", "hidden_activation"},
      {"modernbert", R"("rope_parameters":{"rope_theta":9.0})", "rope_parameters"},
      {"modernbert", R"("rope_parameters":"x")", "rope_parameters"},
      {"modernbert", R"("rope_scaling":{"type":"linear","factor":2.0})", "rope_scaling"},
      {"modernbert", R"("sliding_window":64)", "sliding_window"},
      {"modernbert", R"("is_decoder":true)", "is_decoder"},
  };
  for (const Case& one : cases) {
    EXPECT_THAT(refused(one.settings, one.model_type), HasSubstr(one.message)) << one.model_type << one.settings;
  }
}

}  // namespace
}  // namespace bertrt::family
