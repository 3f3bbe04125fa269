#include <gtest/gtest.h>

#include <string>

#include "error_matchers.h"
#include "family/config.h"

namespace bertrt::family {
namespace {

using testing::HasSubstr;

CheckpointConfig read(const std::string& settings, const std::string& model_type = "bert") {
  const std::string text = R"({"model_type":")" + model_type + "\"" + (settings.empty() ? "" : "," + settings) + "}";
  return read_config(text, "config.json");
}

std::string refused(const std::string& settings, const std::string& model_type = "bert") {
  return thrown_by([&] { (void)read(settings, model_type); }).what();
}

TEST(CheckpointConfig, WhatAFileLeavesOutIsThePythonDefault) {
  const CheckpointConfig bert = read("");
  EXPECT_EQ(bert.vocabulary, 30522U);
  EXPECT_EQ(bert.heads, 12U);
  EXPECT_EQ(bert.types, 2U);
  EXPECT_EQ(bert.layer_norm_eps, 1e-12F);
  EXPECT_TRUE(bert.tied);
  const CheckpointConfig albert = read("", "albert");
  EXPECT_EQ(albert.activation, Activation::gelu_tanh);
  EXPECT_EQ(albert.heads, 64U);
  EXPECT_EQ(albert.stored_layers, 1U);
  EXPECT_EQ(read("", "roberta").padding_id, 1);
  EXPECT_EQ(read("", "mpnet").types, 0U);
  EXPECT_FALSE(read("", "rembert").tied);
}

TEST(CheckpointConfig, DistilBertsNamesAndTheirOtherNames) {
  EXPECT_EQ(read(R"("dim":48,"n_heads":3,"n_layers":2,"hidden_dim":9)", "distilbert").intermediate, 9U);
  EXPECT_EQ(read(R"("hidden_size":24)", "distilbert").hidden, 24U);
  EXPECT_EQ(read(R"("hidden_size":24,"dim":24)", "distilbert").hidden, 24U);
  EXPECT_THAT(refused(R"("hidden_size":24,"dim":48)", "distilbert"), HasSubstr("both of its names"));
  // Its norms have 1e-12 whatever the file says.
  EXPECT_EQ(read(R"("layer_norm_eps":0.1)", "distilbert").layer_norm_eps, 1e-12F);
}

TEST(CheckpointConfig, LabelsAndWhatTasksAskFor) {
  const CheckpointConfig config =
      read(R"("id2label":{"1":"no","0":"yes","2":7},"label2id":{"yes":0,"no":"1","Entail":2},)"
           R"("problem_type":"regression","sentence_transformers":{"activation_fn":"torch.x.Y"})");
  EXPECT_EQ(config.labels, (std::vector<std::string>{"yes", "no", "7"}));
  ASSERT_EQ(config.label_ids.size(), 3U);
  EXPECT_EQ(config.label_ids[0].first, "yes");  // the file's order, not the alphabet's
  EXPECT_EQ(config.label_ids[1], (std::pair<std::string, std::int64_t>("no", 1)));
  EXPECT_EQ(config.problem_type, "regression");
  EXPECT_EQ(config.cross_encoder_activation, "torch.x.Y");
  EXPECT_EQ(config.num_labels, 3U);
  EXPECT_EQ(read(R"("num_labels":5)").num_labels, 5U);
  EXPECT_EQ(read("").num_labels, 2U);
}

TEST(CheckpointConfig, AnUnknownFamilyNamesThoseThatAreKnown) {
  EXPECT_THAT(refused("", "gpt2"), HasSubstr("albert, bert, camembert"));
  EXPECT_THAT(refused("", "longformer"), HasSubstr("layers are built otherwise"));
  EXPECT_THAT(thrown_by([] { (void)read_config("{}", "config.json"); }).what(), HasSubstr("found none"));
}

TEST(CheckpointConfig, SettingsThatChangeTheArithmeticAreRefused) {
  const struct {
    const char* settings;
    const char* message;
  } cases[] = {
      {R"("position_embedding_type":"rotary")", "position_embedding_type: expected \"absolute\", \"relative_key\""},
      {R"("is_decoder":true)", "is_decoder"},
      {R"("add_cross_attention":true)", "add_cross_attention"},
      {R"("pruned_heads":{"0":[1]})", "pruned_heads"},
      {R"("quantization_config":{"bits":4})", "quantization_config"},
      {R"("auto_map":{"AutoModel":"modeling.Mine"})", "auto_map"},
      {R"("hidden_act":"mish")", "hidden_act: expected activation gelu"},
      {R"("num_attention_heads":7)", "divides"},
      {R"("num_hidden_layers":0)", "num_hidden_layers"},
      {R"("num_hidden_layers":100000)", "4096"},
      {R"("type_vocab_size":0)", "type_vocab_size"},
      {R"("layer_norm_eps":-1)", "layer_norm_eps"},
      {R"("hidden_size":"768")", "hidden_size"},
      {R"("my_own_trick":3)", "my_own_trick"},
      {R"("id2label":{"0":"a","2":"b"})", "id2label"},
      {R"("id2label":{"0":"a","00":"b"})", "id2label"},
      {R"("label2id":{"a":"b"})", "label2id"},
      {R"("problem_type":"guess")", "problem_type"},
      {R"("architectures":"BertModel")", "architectures"},
      {R"("hidden_size":32,"hidden_size":64)", "twice"},
  };
  for (const auto& one : cases) EXPECT_THAT(refused(one.settings), HasSubstr(one.message)) << one.settings;
  EXPECT_THAT(refused(R"("inner_group_num":2)", "albert"), HasSubstr("inner_group_num"));
  EXPECT_THAT(refused(R"("num_hidden_groups":5)", "albert"), HasSubstr("num_hidden_groups"));
  EXPECT_THAT(refused(R"("relative_attention_num_buckets":8)", "mpnet"), HasSubstr("relative_attention_num_buckets"));
  EXPECT_THAT(refused(R"("pad_token_id":null)", "roberta"), HasSubstr("pad_token_id"));
  EXPECT_THAT(refused(R"("pad_token_id":50265)", "roberta"), HasSubstr("pad_token_id"));
  // Python takes some nulls for false, others for a failure; none of them for the setting's default.
  EXPECT_THAT(refused(R"("hidden_act":null)"), HasSubstr("hidden_act"));
  EXPECT_THAT(refused(R"("tie_word_embeddings":null)"), HasSubstr("tie_word_embeddings"));
  EXPECT_THAT(refused(R"("position_embedding_type":null)"), HasSubstr("position_embedding_type"));
  // What nobody reads is not set by a null.
  EXPECT_NO_THROW(read(R"("rope_scaling":null,"my_own_trick":null)"));
}

TEST(CheckpointConfig, DebertasPositions) {
  const CheckpointConfig plain = read("", "deberta-v2");
  EXPECT_EQ(plain.hidden, 1536U);
  EXPECT_EQ(plain.types, 0U);
  EXPECT_EQ(plain.layer_norm_eps, 1e-7F);
  EXPECT_FALSE(plain.disentangled->relative);
  EXPECT_EQ(plain.disentangled->parts, 1U);
  EXPECT_EQ(plain.disentangled->span(), 512U);
  const std::string v3 =
      R"("relative_attention":true,"position_buckets":256,"norm_rel_ebd":"layer_norm","share_att_key":true,)"
      R"("pos_att_type":"P2C | c2p","max_relative_positions":-1,"position_biased_input":false,"type_vocab_size":0)";
  const DisentangledConfig own = *read(v3, "deberta-v2").disentangled;
  EXPECT_TRUE(own.relative && own.by_query && own.by_key && own.shared_keys && own.norm_table);
  EXPECT_FALSE(own.input_positions);
  EXPECT_EQ(own.parts, 3U);
  EXPECT_EQ(own.span(), 256U);
  EXPECT_EQ(own.max_distance, 512U);
  // v1 scales by all the types that are named, and v2 by those that it has.
  EXPECT_EQ(read(R"("pos_att_type":["c2p","p2p"])", "deberta").disentangled->parts, 3U);
  EXPECT_EQ(read(R"("pos_att_type":["c2p","p2p"])", "deberta-v2").disentangled->parts, 2U);
  // A list is taken as it stands.
  EXPECT_FALSE(read(R"("pos_att_type":["C2P"])", "deberta-v2").disentangled->by_query);
  EXPECT_EQ(read(R"("position_buckets":256)", "deberta").disentangled->buckets, 0U);

  EXPECT_THAT(refused(R"("talking_head":true)", "deberta"), HasSubstr("talking_head"));
  EXPECT_THAT(refused(R"("attention_head_size":32)", "deberta-v2"), HasSubstr("attention_head_size"));
  EXPECT_THAT(refused(R"("pooler_hidden_size":32)", "deberta-v2"), HasSubstr("pooler_hidden_size"));
  EXPECT_THAT(refused(R"("pooler_hidden_act":"mish")", "deberta"), HasSubstr("pooler_hidden_act"));
  EXPECT_THAT(refused(R"("conv_kernel_size":2)", "deberta-v2"), HasSubstr("conv_kernel_size"));
  EXPECT_THAT(refused(R"("conv_groups":7)", "deberta-v2"), HasSubstr("conv_groups"));
  EXPECT_THAT(refused(R"("pos_att_type":3)", "deberta"), HasSubstr("pos_att_type"));
  EXPECT_THAT(refused(R"("position_buckets":null)", "deberta-v2"), HasSubstr("position_buckets"));
}

TEST(CheckpointConfig, PositionsInsideAttention) {
  const CheckpointConfig one = read(R"("position_embedding_type":"relative_key")", "megatron-bert");
  EXPECT_EQ(one.position_kind, PositionKind::relative_key);
  ASSERT_EQ(one.findings.size(), 1U);  // that transformers 5 computes another thing
  EXPECT_THAT(one.findings[0], HasSubstr("transformers 4"));
  EXPECT_EQ(read(R"("position_embedding_type":"relative_key_query")").position_kind, PositionKind::relative_key_query);
  // Families whose code has no such positions.
  for (const char* type : {"distilbert", "mpnet", "rembert", "deberta", "gte", "modernbert", "roformer"}) {
    EXPECT_THAT(refused(R"("position_embedding_type":"relative_key")", type), HasSubstr("position_embedding_type"));
    EXPECT_THAT(refused(R"("position_embedding_type":"alibi")", type), HasSubstr("position_embedding_type"));
  }
  EXPECT_THAT(refused(R"("vocab_size":33,"pad_token_id":1,"position_embedding_type":"relative_key")", "esm"),
              HasSubstr("position_embedding_type: expected \"absolute\" or \"rotary\""));
}

// jina-embeddings-v2-base-en's settings.
constexpr const char* kJina =
    R"("_name_or_path":"jinaai/jina-bert-implementation","model_max_length":8192,"architectures":["JinaBertForMaskedLM"],)"
    R"("attention_probs_dropout_prob":0.0,"auto_map":{)"
    R"("AutoConfig":"jinaai/jina-bert-implementation--configuration_bert.JinaBertConfig",)"
    R"("AutoModelForMaskedLM":"jinaai/jina-bert-implementation--modeling_bert.JinaBertForMaskedLM",)"
    R"("AutoModel":"jinaai/jina-bert-implementation--modeling_bert.JinaBertModel"},)"
    R"("classifier_dropout":null,"gradient_checkpointing":false,"hidden_act":"gelu","hidden_dropout_prob":0.1,)"
    R"("hidden_size":768,"initializer_range":0.02,"intermediate_size":3072,"layer_norm_eps":1e-12,)"
    R"("max_position_embeddings":8192,"num_attention_heads":12,"num_hidden_layers":12,"pad_token_id":0,)"
    R"("position_embedding_type":"alibi","torch_dtype":"float32","transformers_version":"4.26.0","type_vocab_size":2,)"
    R"("use_cache":true,"vocab_size":30528,"emb_pooler":"mean","attn_implementation":"torch")";

TEST(CheckpointConfig, JinaBert) {
  const CheckpointConfig config = read(std::string(kJina) + R"(,"feed_forward_type":"geglu")");
  EXPECT_EQ(config.position_kind, PositionKind::alibi);
  EXPECT_EQ(config.family->layout, EncoderLayout::jina);
  EXPECT_EQ(config.positions, 8192U);
  EXPECT_EQ(config.layer_activation, Activation::gelu_erf);
  ASSERT_EQ(config.findings.size(), 1U);  // whose code its numbers are is said
  EXPECT_THAT(config.findings[0], HasSubstr("JinaBERT"));
  const std::string alibi = R"("position_embedding_type":"alibi","feed_forward_type":"reglu")";
  EXPECT_EQ(read(alibi + R"(,"hidden_act":"tanh")").layer_activation, Activation::relu);
  EXPECT_EQ(read(alibi + R"(,"hidden_act":"tanh")").activation, Activation::tanh);
  EXPECT_NO_THROW(read(alibi + R"(,"auto_map":{"AutoModel":"modeling_bert.JinaBertModel"})"));

  EXPECT_THAT(refused(kJina), HasSubstr("feed_forward_type"));  // its code's default, BERT's, is not read
  EXPECT_THAT(refused(alibi + R"(,"emb_pooler":"cls")"), HasSubstr("emb_pooler"));
  for (const char* code :
       {"mine--modeling_bert.JinaBertModel", "modeling_bert.MyModel", "jinaai/other--modeling.JinaBert"}) {
    EXPECT_THAT(refused(alibi + R"(,"auto_map":{"AutoModel":")" + code + "\"}"), HasSubstr("auto_map"));
  }
  EXPECT_THAT(refused(R"("feed_forward_type":"geglu")"), HasSubstr("feed_forward_type"));  // of BERT
  EXPECT_THAT(refused(alibi, "roberta"), HasSubstr("position_embedding_type"));
  EXPECT_THAT(refused("", std::string(kJinaBert)), HasSubstr("model_type"));  // a name of our own
}

TEST(CheckpointConfig, Esm) {
  const std::string esm = R"("vocab_size":33,"pad_token_id":1)";
  const CheckpointConfig plain = read(esm + R"(,"hidden_act":"relu")", "esm");
  EXPECT_FALSE(plain.rotary.has_value());
  EXPECT_EQ(plain.padding_id, 1);
  EXPECT_EQ(plain.layer_activation, Activation::gelu_erf);  // whatever the file says
  // esm2_t6_8M's settings.
  const CheckpointConfig config =
      read(R"("architectures":["EsmForMaskedLM"],"attention_probs_dropout_prob":0.0,"classifier_dropout":null,)"
           R"("emb_layer_norm_before":false,"esmfold_config":null,"hidden_act":"gelu","hidden_dropout_prob":0.0,)"
           R"("hidden_size":320,"initializer_range":0.02,"intermediate_size":1280,"is_folding_model":false,)"
           R"("layer_norm_eps":1e-05,"mask_token_id":32,"max_position_embeddings":1026,"num_attention_heads":20,)"
           R"("num_hidden_layers":6,"pad_token_id":1,"position_embedding_type":"rotary","token_dropout":true,)"
           R"("torch_dtype":"float32","transformers_version":"4.25.0.dev0","use_cache":true,"vocab_list":null,)"
           R"("vocab_size":33)",
           "esm");
  EXPECT_EQ(config.esm->dropped_token, 32);
  EXPECT_FALSE(config.esm->first_norm);
  EXPECT_EQ(config.rotary->ways.at(0).frequencies.size(), 8U);

  EXPECT_THAT(refused(R"("pad_token_id":1)", "esm"), HasSubstr("vocab_size"));
  EXPECT_THAT(refused(R"("vocab_size":33)", "esm"), HasSubstr("pad_token_id"));
  EXPECT_THAT(refused(esm + R"(,"token_dropout":true)", "esm"), HasSubstr("mask_token_id"));
  EXPECT_THAT(refused(esm + R"(,"token_dropout":true,"mask_token_id":33)", "esm"), HasSubstr("mask_token_id"));
  EXPECT_THAT(refused(esm + R"(,"is_folding_model":true)", "esm"), HasSubstr("is_folding_model"));
  EXPECT_THAT(refused(esm + R"(,"position_embedding_type":"rotary","rope_theta":0)", "esm"), HasSubstr("rope_theta"));
}

TEST(CheckpointConfig, RoFormer) {
  EXPECT_EQ(read("", "roformer").embedding, 768U);
  EXPECT_EQ(read(R"("embedding_size":null)", "roformer").embedding, 768U);
  const CheckpointConfig config = read(R"("embedding_size":128,"rotary_value":true)", "roformer");
  EXPECT_EQ(config.embedding, 128U);
  EXPECT_TRUE(config.rotary->ways.at(0).values);
  EXPECT_THAT(refused(R"("hidden_size":36)", "roformer"), HasSubstr("num_attention_heads"));  // heads of three values
  EXPECT_THAT(refused(R"("rope_theta":5)", "roformer"), HasSubstr("rope_theta"));
  EXPECT_THAT(refused(R"("hidden_size":1610612736)", "roformer"), HasSubstr("65536"));
}

TEST(CheckpointConfig, SettingsThatChangeNothingMayHaveAnyValue) {
  EXPECT_NO_THROW(
      read(R"("hidden_dropout_prob":0.9,"torch_dtype":"float16","_name_or_path":"x","use_cache":false,)"
           R"("pooler_type":"first_token_transform","chunk_size_feed_forward":3,"top_k":50,"pruned_heads":{},)"
           R"("position_embedding_type":"absolute","is_decoder":false,"auto_map":{"AutoTokenizer":["a","b"]},)"
           R"("gradient_checkpointing":true,"classifier_dropout":null,"pad_token_id":null)"));
  EXPECT_EQ(read(R"("pad_token_id":0)", "mpnet").padding_id, 1);  // MPNet's code has its own
  // MuRIL's, a BERT without a projection; RemBERT's own code has two other names for it.
  EXPECT_EQ(read(R"("embedding_size":128)").embedding, 768U);
  EXPECT_EQ(read(R"("embedding_size":128)", "rembert").embedding, 256U);
  EXPECT_EQ(read(R"("embedding_size":64)", "electra").embedding, 64U);
  EXPECT_NO_THROW(read(R"("eos_token_ids":0,"num_hidden_groups":12,"inner_group_num":0)"));
  EXPECT_EQ(read(R"("crf_state_dict":{"transitions":[[0.5]]})").findings.size(), 1U);
  EXPECT_NO_THROW(read(R"("position_embedding_type":"sans_pos")", "modernbert"));  // mmBERT's
  EXPECT_NO_THROW(read(R"("summary_type":"first","summary_use_proj":false,"summary_activation":"tanh")", "roberta"));
}

}  // namespace
}  // namespace bertrt::family
