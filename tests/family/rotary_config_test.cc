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

#define NOMIC                                                                                        \
  R"("n_embd":8,"n_layer":1,"n_head":2,"n_positions":64,"vocab_size":30,"rotary_emb_fraction":1.0,)" \
  R"("activation_function":"swiglu")"
#define GEMMA R"("hidden_size":768,"num_attention_heads":3,"num_key_value_heads":1,"use_bidirectional_attention":true)"
constexpr const char* kNomicEmbedTextV1 =
    R"("activation_function":"swiglu","architectures":["NomicBertModel"],"attn_pdrop":0.0,"auto_map":{"AutoConfig":)"
    R"("nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig","AutoModel":)"
    R"("nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel","AutoModelForMaskedLM":)"
    R"("nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertForPreTraining"},"bos_token_id":null,"causal":false,)"
    R"("dense_seq_output":true,"embd_pdrop":0.0,"eos_token_id":null,"fused_bias_fc":true,"fused_dropout_add_ln":true,)"
    R"("initializer_range":0.02,"layer_norm_epsilon":1e-12,"mlp_fc1_bias":false,"mlp_fc2_bias":false,"n_embd":768,)"
    R"("n_head":12,"n_inner":3072,"n_layer":12,"n_positions":8192,"pad_vocab_size_multiple":64,"parallel_block":false,)"
    R"("parallel_block_tied_norm":false,"prenorm":false,"qkv_proj_bias":false,"reorder_and_upcast_attn":false,)"
    R"("resid_pdrop":0.0,"rotary_emb_base":1000,"rotary_emb_fraction":1.0,"rotary_emb_interleaved":false,)"
    R"("rotary_emb_scale_base":null,"rotary_scaling_factor":2,"scale_attn_by_inverse_layer_idx":false,)"
    R"("scale_attn_weights":true,"summary_activation":null,"summary_first_dropout":0.0,"summary_proj_to_labels":true,)"
    R"("summary_type":"cls_index","summary_use_proj":true,"torch_dtype":"float32","transformers_version":"4.34.0",)"
    R"("type_vocab_size":2,"use_cache":true,"use_flash_attn":true,"use_rms_norm":false,"use_xentropy":true,)"
    R"("vocab_size":30528)";
constexpr const char* kGteLargeEn =
    R"("architectures":["NewModel"],"attention_probs_dropout_prob":0.0,"auto_map":{"AutoConfig":)"
    R"("Alibaba-NLP/new-impl--configuration.NewConfig","AutoModel":"Alibaba-NLP/new-impl--modeling.NewModel",)"
    R"("AutoModelForMaskedLM":"Alibaba-NLP/new-impl--modeling.NewForMaskedLM"},"classifier_dropout":null,)"
    R"("hidden_act":"gelu","hidden_dropout_prob":0.1,"hidden_size":1024,"initializer_range":0.02,)"
    R"("intermediate_size":4096,"layer_norm_eps":1e-12,"layer_norm_type":"layer_norm","logn_attention_clip1":false,)"
    R"("logn_attention_scale":false,"max_position_embeddings":8192,"num_attention_heads":16,"num_hidden_layers":24,)"
    R"("pack_qkv":true,"pad_token_id":0,"position_embedding_type":"rope","rope_scaling":{"factor":2.0,"type":"ntk"},)"
    R"("rope_theta":160000,"torch_dtype":"float32","transformers_version":"4.39.1","type_vocab_size":2,)"
    R"("unpad_inputs":false,"use_memory_efficient_attention":false,"vocab_size":30528)";

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

TEST(RotaryConfig, NomicEmbedTextAsItsMakersPublishIt) {
  const CheckpointConfig config = read(kNomicEmbedTextV1, "nomic_bert");
  EXPECT_EQ(config.hidden, 768U);
  EXPECT_EQ(config.intermediate, 3072U);
  EXPECT_EQ(config.vocabulary, 30528U);
  EXPECT_EQ(config.layer_activation, Activation::silu);
  EXPECT_FALSE(config.rotary->ffn_bias);
  EXPECT_EQ(config.rotary->longest, 8192U);
  EXPECT_FLOAT_EQ(second_frequency(config, 11), std::pow(1000.0F, -1.0F / 32));
  // Longer texts than it was trained on have a wider base.
  ASSERT_TRUE(config.rotary->ways[0].growth.has_value());
  EXPECT_EQ(*config.rotary->ways[0].growth, (RotaryGrowth{2048, 1000, 2}));
  ASSERT_EQ(config.findings.size(), 1U);
  EXPECT_THAT(config.findings[0], HasSubstr("auto_map"));
}

TEST(RotaryConfig, NomicsFeedForwardIsAMultipleWide) {
  const std::string small =
      R"("n_embd":8,"n_layer":1,"n_head":2,"n_positions":64,"vocab_size":30,"rotary_emb_fraction":0.5,)"
      R"("pad_vocab_size_multiple":16,"activation_function":"geglu")";
  const CheckpointConfig config = read(small + R"(,"n_inner":300)", "nomic_bert");
  EXPECT_EQ(config.intermediate, 512U);
  EXPECT_EQ(config.vocabulary, 32U);
  EXPECT_EQ(config.rotary->ways[0].frequencies.size(), 1U);  // half of a head's 4 values
  EXPECT_TRUE(config.rotary->attention_bias);
  EXPECT_EQ(read(small + R"(,"n_inner":null)", "nomic_bert").intermediate, 256U);
}

TEST(RotaryConfig, GteAsItsMakersPublishIt) {
  const CheckpointConfig config = read(kGteLargeEn, "new");
  EXPECT_EQ(config.positions, 8192U);
  EXPECT_EQ(config.rotary->longest, 8192U);
  const float scaled = std::pow(320000.0F, -1.0F / 32) / std::pow(2.0F, 1.0F / 32);
  EXPECT_NEAR(second_frequency(config, 23), scaled, 1e-6F);
  EXPECT_FALSE(config.rotary->ways[0].growth.has_value());
  ASSERT_EQ(config.findings.size(), 1U);
  EXPECT_THAT(config.findings[0], HasSubstr("Alibaba"));
  // A copy of its code beside the weights, and another maker's of the same.
  EXPECT_NO_THROW(
      read(R"("auto_map":{"AutoConfig":"configuration.NewConfig","AutoModel":"modeling.NewModel"})", "new"));
  EXPECT_NO_THROW(read(R"("auto_map":{"AutoConfig":"configuration_hf_alibaba_nlp_gte.GteConfig",)"
                       R"("AutoModel":"modeling_hf_alibaba_nlp_gte.GteModel"},"rope_scaling":null)",
                       "gte"));
}

TEST(RotaryConfig, EmbeddingGemmaAsItStands) {
  const CheckpointConfig config = read(
      R"("_sliding_window_pattern":6,"architectures":["Gemma3TextModel"],"attention_bias":false,"attention_dropout":0.0,)"
      R"("attn_logit_softcapping":null,"bos_token_id":2,"dtype":"float32","eos_token_id":1,"final_logit_softcapping":null,)"
      R"("head_dim":256,"hidden_activation":"gelu_pytorch_tanh","hidden_size":768,"initializer_range":0.02,)"
      R"("intermediate_size":1152,"max_position_embeddings":2048,"num_attention_heads":3,"num_hidden_layers":24,)"
      R"("num_key_value_heads":1,"pad_token_id":0,"query_pre_attn_scalar":256,"rms_norm_eps":1e-06,)"
      R"("rope_local_base_freq":10000.0,"rope_scaling":null,"rope_theta":1000000.0,"sliding_window":512,)"
      R"("transformers_version":"4.57.0.dev0","use_bidirectional_attention":true,"use_cache":true,"vocab_size":262144)",
      "gemma3_text");
  EXPECT_EQ(config.rotary->key_heads, 1U);
  EXPECT_EQ(config.rotary->score_divisor, 256);
  EXPECT_EQ(config.rotary->windows[4], 256U);
  EXPECT_EQ(config.rotary->windows[5], 0U);
  EXPECT_FLOAT_EQ(second_frequency(config, 4), std::pow(10000.0F, -1.0F / 128));
  EXPECT_FLOAT_EQ(second_frequency(config, 5), std::pow(1000000.0F, -1.0F / 128));
  EXPECT_FALSE(config.rotary->norm_bias);
  EXPECT_TRUE(config.findings.empty());
}

TEST(RotaryConfig, Qwen3EmbeddingAsItStands) {
  const CheckpointConfig config = read(
      R"("architectures":["Qwen3ForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"bos_token_id":151643,)"
      R"("eos_token_id":151643,"head_dim":128,"hidden_act":"silu","hidden_size":1024,"initializer_range":0.02,)"
      R"("intermediate_size":3072,"max_position_embeddings":32768,"max_window_layers":28,"num_attention_heads":16,)"
      R"("num_hidden_layers":28,"num_key_value_heads":8,"rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":1000000,)"
      R"("sliding_window":null,"tie_word_embeddings":true,"torch_dtype":"bfloat16","transformers_version":"4.51.3",)"
      R"("use_cache":true,"use_sliding_window":false,"vocab_size":151669)",
      "qwen3");
  EXPECT_EQ(config.rotary->head_size, 128U);
  EXPECT_EQ(config.rotary->key_heads, 8U);
  EXPECT_TRUE(config.rotary->causal);
  EXPECT_FLOAT_EQ(second_frequency(config, 27), std::pow(1000000.0F, -1.0F / 64));
}

TEST(RotaryConfig, LongestTextsOfAGrowingBase) {
  const std::string rope = R"("max_position_embeddings":100,"rope_parameters":{"rope_type":"dynamic","factor":2.5})";
  EXPECT_EQ(read(rope, "gte").rotary->longest, 250U);
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

// As transformers 5.24 reads older files: Gemma 3's of the layers that see all, ModernBERT's of all layers.
TEST(RotaryConfig, OldScalingByKindsOfLayers) {
  const std::string old = R"("rope_scaling":{"rope_type":"linear","factor":4.0})";
  const std::string both = R"("use_bidirectional_attention":true,"head_dim":288)";
  const CheckpointConfig plain = read(both, "gemma3_text");
  const CheckpointConfig gemma = read(both + "," + old, "gemma3_text");
  EXPECT_FLOAT_EQ(second_frequency(gemma, 5), second_frequency(plain, 5) / 4);
  EXPECT_FLOAT_EQ(second_frequency(gemma, 4), second_frequency(plain, 4));
  const CheckpointConfig unscaled = read("", "modernbert");
  const CheckpointConfig modern = read(old, "modernbert");
  for (const std::size_t layer : {0, 1}) {
    EXPECT_FLOAT_EQ(second_frequency(modern, layer), second_frequency(unscaled, layer) / 4);
  }
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
      {"gte", R"("rope_parameters":{"rope_type":"longrope","factor":2.0})", "rope_type of default, linear"},
      {"gte", R"("rope_parameters":{"rope_type":"yarn","factor":2.0,"low_freq_factor":1.0})", "low_freq_factor"},
      {"gte", R"("rope_parameters":{"rope_type":"yarn","factor":2.0,"truncate":1})", "truncate"},
      {"gte", R"("rope_parameters":{"rope_type":"yarn"})", "factor"},
      {"gte", R"("rope_parameters":{"rope_type":"llama3","factor":2.0})", "low_freq_factor"},
      {"gte",
       R"("rope_parameters":{"rope_type":"llama3","factor":2.0,"low_freq_factor":4,"high_freq_factor":4,)"
       R"("original_max_position_embeddings":9})",
       "high_freq_factor"},
      {"gte", R"("rope_parameters":{"rope_type":"dynamic","factor":0.5})", "factor"},
      {"gte", R"("rope_parameters":{"rope_type":"dynamic","factor":2.0},"hidden_size":8,"num_attention_heads":4)",
       "num_attention_heads"},
      {"gte", R"("rope_parameters":{"rope_type":"linear","type":"dynamic","factor":2.0})", "rope_type and type"},
      {"gte", R"("position_embedding_type":"absolute")", "position_embedding_type"},
      {"gte", R"("logn_attention_scale":true)", "logn_attention_scale"},
      {"gte", R"("layer_norm_type":"rms_norm")", "layer_norm_type"},
      {"gte", R"("auto_map":{"AutoModel":"stranger/new-impl--modeling.NewModel"})", "auto_map"},
      {"gte", R"("auto_map":{"AutoConfig":"configuration.NewConfigOfMine"})", "auto_map"},
      {"new", R"("rope_scaling":{"type":"dynamic","factor":2.0})", "rope_type of default, ntk"},
      {"new", R"("rope_scaling":{"type":"ntk","factor":0.5})", "factor"},
      {"new", R"("rope_scaling":{"type":"ntk","factor":2.0,"mixed_b":"x"})", "mixed_b"},
      {"nomic_bert", R"("rope_parameters":{"rope_type":"ntk","factor":2.0})", "rope_type of default, linear"},
      {"nomic_bert", R"("n_embd":8,"activation_function":"gelu")", "n_layer"},
      {"nomic_bert", NOMIC R"(,"hidden_size":16)", "hidden_size"},
      {"nomic_bert", NOMIC R"(,"prenorm":true)", "prenorm"},
      {"nomic_bert", NOMIC R"(,"causal":true)", "causal"},
      {"nomic_bert", NOMIC R"(,"num_experts":8,"moe_every_n_layers":2,"moe_top_k":9)", "moe_top_k"},
      {"nomic_bert", NOMIC R"(,"num_shared_experts":1)", "num_shared_experts"},
      {"nomic_bert", NOMIC R"(,"moe_normalize_expert_weights":true)", "moe_normalize_expert_weights"},
      {"nomic_bert", NOMIC R"(,"moe_every_n_layers":2)", "num_experts"},
      {"nomic_bert", NOMIC R"(,"num_heads_kv":1)", "num_heads_kv"},
      {"nomic_bert", NOMIC R"(,"rotary_emb_interleaved":true)", "rotary_emb_interleaved"},
      {"nomic_bert", NOMIC R"(,"rotary_emb_scale_base":512)", "rotary_emb_scale_base"},
      {"nomic_bert", NOMIC R"(,"rotary_scaling_factor":0.5)", "rotary_scaling_factor"},
      {"nomic_bert", NOMIC R"(,"rotary_emb_base":0)", "rotary_emb_base"},
      {"nomic_bert",
       R"("n_embd":8,"n_layer":1,"n_head":2,"n_positions":64,"vocab_size":30,"activation_function":"swiglu")",
       "rotary_emb_fraction"},
      {"nomic_bert", R"("n_embd":8,"n_layer":1,"n_head":2,"n_positions":64,"vocab_size":30,"rotary_emb_fraction":1.0)",
       "activation_function"},
      {"gte", R"("rope_parameters":{"rope_type":"linear"})", "factor"},
      {"gte", R"("rope_parameters":{"rope_theta":0})", "rope_theta"},
      {"gte", R"("rope_parameters":{"rope_theta":"x"})", "rope_theta"},
      {"gte", R"("rope_parameters":[])", "rope_parameters"},
      {"gte", R"("rope_parameters":{"partial_rotary_factor":0.5})", "partial_rotary_factor"},
      {"gte", R"("rope_parameters":{"full_attention":{"rope_theta":9.0}})", "full_attention"},
      {"gte", R"("rope_scaling":{"rope_theta":9.0},"rope_parameters":{"rope_theta":8.0})", "rope_scaling"},
      {"gte", R"("rope_theta":-1)", "rope_theta"},
      {"gte", R"("rope_theta":0)", "rope_theta"},
      {"modernbert", R"("global_rope_theta":0)", "global_rope_theta"},
      {"modernbert", R"("local_rope_theta":0.0)", "local_rope_theta"},
      {"gte", R"("partial_rotary_factor":0.5)", "partial_rotary_factor"},
      {"gte", R"("hidden_size":12,"num_attention_heads":4)", "even"},
      {"nomic_bert", R"("head_dim":32)", "head_dim"},
      {"gemma3_text", R"("hidden_size":768,"num_attention_heads":3)", "use_bidirectional_attention"},
      {"gemma3_text", R"("hidden_size":512,"num_attention_heads":4,"use_bidirectional_attention":true)", "head_dim"},
      {"gemma3_text", GEMMA R"(,"num_key_value_heads":2)", "num_key_value_heads"},
      {"gemma3_text", GEMMA R"(,"attn_logit_softcapping":50.0)", "attn_logit_softcapping"},
      {"gemma3_text", GEMMA R"(,"query_pre_attn_scalar":0)", "query_pre_attn_scalar"},
      {"gemma3_text", GEMMA R"(,"global_rope_theta":9.0)", "global_rope_theta"},
      {"modernbert", R"("rope_local_base_freq":9.0)", "rope_local_base_freq"},
      {"qwen3", R"("hidden_size":64,"num_attention_heads":8,"num_key_value_heads":3)", "num_key_value_heads"},
      {"qwen3", R"("hidden_size":64,"num_attention_heads":8)", "num_key_value_heads"},
      {"qwen3", R"("use_sliding_window":true)", "use_sliding_window"},
      {"qwen3", R"("head_dim":7)", "head_dim"},
      {"qwen3", R"("num_hidden_layers":1,"layer_types":["sliding_attention"])", "layer_types"},
      {"qwen2", R"("hidden_size":1024)", "a decoder"},
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
      {"modernbert", R"("rope_scaling":{"rope_type":"linear","factor":2.0},"rope_parameters":{})", "rope_scaling"},
      {"modernbert", R"("sliding_window":64)", "sliding_window"},
      {"modernbert", R"("is_decoder":true)", "is_decoder"},
  };
  for (const Case& one : cases) {
    EXPECT_THAT(refused(one.settings, one.model_type), HasSubstr(one.message)) << one.model_type << one.settings;
  }
}

}  // namespace
}  // namespace bertrt::family
