#include "family/sentence_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "error_matchers.h"

namespace bertrt::family {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class SentenceModulesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("sentence_modules" + std::to_string(std::random_device()()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // modules.json of types and paths.
  void list(const std::vector<std::pair<std::string, std::string>>& modules) const {
    std::string text;
    for (const auto& [type, path] : modules) {
      text += (text.empty() ? "" : ",") + std::string(R"({"type":")") + type + R"(","path":")" + path + "\"}";
    }
    write("modules.json", "[" + text + "]");
  }
  using Shape = std::pair<std::size_t, std::size_t>;
  // Weights of zeros.
  void write_weights(const std::string& folder, const std::vector<std::pair<std::string, Shape>>& weights) const {
    std::string header;
    std::size_t end = 0;
    for (const auto& [name, shape] : weights) {
      const std::size_t begin = end;
      end += 4 * shape.first * shape.second;
      header += (header.empty() ? "{\"" : ",\"") + name + R"(":{"dtype":"F32","shape":[)" +
                std::to_string(shape.first) + "," + std::to_string(shape.second) + R"(],"data_offsets":[)" +
                std::to_string(begin) + "," + std::to_string(end) + "]}";
    }
    header += "}";
    std::string length;
    for (std::size_t i = 0; i < 8; ++i) length += static_cast<char>(header.size() >> (8 * i) & 0xFF);
    write(folder + "/model.safetensors", length + header + std::string(end, '\0'));
  }
  void write_dense(const std::string& folder, std::size_t out, std::size_t in) const {
    write_weights(folder, {{"linear.weight", {out, in}}});
  }
  SentenceModules read() const { return read_sentence_modules(folder_).value(); }
  std::string refused() const {
    return thrown_by([&] { (void)read(); }).what();
  }

  fs::path folder_;
  const std::string st_ = "sentence_transformers.models.";
};

TEST_F(SentenceModulesTest, NoneWithoutModulesJson) {
  EXPECT_FALSE(read_sentence_modules(folder_).has_value());
  EXPECT_EQ(transformer_folder(folder_), folder_);
}

TEST_F(SentenceModulesTest, AnOldFolder) {
  list({{st_ + "Transformer", "0_Transformer"}, {st_ + "Pooling", "1_Pooling"}, {st_ + "Normalize", "2_Normalize"}});
  write("1_Pooling/config.json", R"({"word_embedding_dimension":32,"pooling_mode_cls_token":true,)"
                                 R"("pooling_mode_mean_tokens":true,"pooling_mode_max_tokens":true})");
  write("0_Transformer/sentence_bert_config.json", R"({"max_seq_length":24,"do_lower_case":true})");
  const SentenceModules model = read();
  ASSERT_EQ(model.modules.size(), 3U);
  EXPECT_EQ(std::get<PoolingModule>(model.modules[1]).modes,
            (std::vector<PoolingMode>{PoolingMode::cls, PoolingMode::max, PoolingMode::mean}));
  EXPECT_FALSE(std::get<NormalizeModule>(model.modules[2]).on_tokens);
  EXPECT_EQ(model.max_seq_length, 24U);
  EXPECT_TRUE(model.do_lower_case);
  EXPECT_EQ(transformer_folder(folder_), folder_ / "0_Transformer");
}

TEST_F(SentenceModulesTest, WhatPythonTakesForFalseOrForAnotherKind) {
  list({{st_ + "Transformer", ""}, {st_ + "Pooling", "1_Pooling"}});
  const auto include_prompt = [&](const std::string& settings) {
    write("1_Pooling/config.json", settings);
    return std::get<PoolingModule>(read().modules[1]).include_prompt;
  };
  EXPECT_FALSE(include_prompt(R"({"include_prompt":null})"));
  EXPECT_TRUE(include_prompt(R"({"include_prompt":true})"));
  EXPECT_TRUE(include_prompt("{}"));
  const std::string file = "config_sentence_transformers.json";
  for (const char* none : {R"({"model_type":null})", R"({"model_type":""})"}) {
    write(file, none);
    EXPECT_THAT(refused(), HasSubstr("model_type: expected SentenceTransformer")) << none;
  }
  for (const char* zero : {R"({"truncate_dim":0})", R"({"model_type":"SentenceTransformer","truncate_dim":0})"}) {
    write(file, zero);
    EXPECT_THAT(refused(), HasSubstr("truncate_dim: expected a number of dimensions from 1 on")) << zero;
  }
  write(file, R"({"model_type":"CrossEncoder","truncate_dim":0})");  // which has no vectors
  EXPECT_EQ(read().truncate_dim, 0U);
}

TEST_F(SentenceModulesTest, ArgumentsThatChangeNothing) {
  list({{st_ + "Transformer", ""}, {st_ + "Pooling", "1_Pooling"}});
  write("1_Pooling/config.json", "{}");
  write("tokenizer_config.json", R"({"do_lower_case":false})");
  const std::string file = "sentence_bert_config.json";
  for (const char* harmless :
       {R"({"processing_kwargs":{}})", R"({"processing_kwargs":{"text":{},"chat_template":{}}})",
        R"({"processing_kwargs":{"common":{"return_tensors":"pt"}}})", R"({"tokenizer_args":{"do_lower_case":false}})",
        R"({"processor_kwargs":{"do_lower_case":false,"use_fast":true}})", R"({"backend":"torch"})"}) {
    write(file, harmless);
    EXPECT_NO_THROW((void)read()) << harmless;
  }
  for (const auto& [settings, key] : std::vector<std::pair<std::string, std::string>>{
           {R"({"processing_kwargs":{"text":{"max_length":5}}})", "processing_kwargs"},
           {R"({"processing_kwargs":{"text":{"return_tensors":"pt"}}})", "processing_kwargs"},
           {R"({"processing_kwargs":{"common":{"return_tensors":"np"}}})", "processing_kwargs"},
           {R"({"processing_kwargs":{"other":{}}})", "processing_kwargs"},
           {R"({"tokenizer_args":{"do_lower_case":true}})", "tokenizer_args"},
           {R"({"config_args":{"do_lower_case":false}})", "config_args"}}) {
    write(file, settings);
    EXPECT_THAT(refused(), HasSubstr(key + ": expected no arguments")) << settings;
  }
  write("tokenizer_config.json", "{}");  // the class decides then, and BERT's is lower case
  write(file, R"({"tokenizer_args":{"do_lower_case":false}})");
  EXPECT_THAT(refused(), HasSubstr("tokenizer_args: expected no arguments"));
}

TEST_F(SentenceModulesTest, ANewFolderWithPrompts) {
  list({{"sentence_transformers.base.modules.transformer.Transformer", ""},
        {"sentence_transformers.sentence_transformer.modules.pooling.Pooling", "1_Pooling"}});
  write("1_Pooling/config.json",
        R"({"embedding_dimension":32,"pooling_mode":["lasttoken","cls"],"include_prompt":false})");
  write("config_sentence_transformers.json",
        R"({"__version__":{},"prompts":{"z":"Z: ","a":null},"default_prompt_name":"z",)"
        R"("similarity_fn_name":"dot","model_type":"SentenceTransformer"})");
  const SentenceModules model = read();
  const auto& pooling = std::get<PoolingModule>(model.modules[1]);
  EXPECT_EQ(pooling.modes, (std::vector<PoolingMode>{PoolingMode::lasttoken, PoolingMode::cls}));
  EXPECT_FALSE(pooling.include_prompt);
  ASSERT_EQ(model.prompts.size(), 2U);
  EXPECT_EQ(model.prompts[0], (std::pair<std::string, std::string>("z", "Z: ")));
  EXPECT_EQ(model.prompts[1].second, "");
  EXPECT_EQ(model.default_prompt_name, "z");
  EXPECT_EQ(model.similarity, "dot");
  EXPECT_EQ(transformer_folder(folder_), folder_);
}

TEST_F(SentenceModulesTest, AnEmptyFileIsNone) {
  list({{st_ + "Transformer", ""}});
  write("sentence_bert_config.json", "{}");
  write("sentence_roberta_config.json", R"({"max_seq_length":24})");
  EXPECT_EQ(read().max_seq_length, 24U);
}

TEST_F(SentenceModulesTest, WhatWouldChangeTheTextIsRefused) {
  list({{st_ + "Transformer", ""}});
  write("sentence_bert_config.json", R"({"transformer_task":"feature-extraction","modality_config":{)"
                                     R"("text":{"method":"forward","method_output_name":"last_hidden_state"},)"
                                     R"("message":{"method":"forward","method_output_name":"last_hidden_state"}}})");
  EXPECT_THAT(refused(), HasSubstr("chat template"));
  write("sentence_bert_config.json", R"({"model_args":{"add_pooling_layer":false}})");
  EXPECT_EQ(read().modules.size(), 1U);
  // "" is a name like any other, and null none.
  for (const char* name : {R"("b")", R"("")", "1"}) {
    write("config_sentence_transformers.json",
          R"({"prompts":{"a":"A: "},"default_prompt_name":)" + std::string(name) + "}");
    EXPECT_THAT(refused(), HasSubstr("default_prompt_name")) << name;
  }
  write("config_sentence_transformers.json", R"({"prompts":{"":"A: "},"default_prompt_name":""})");
  EXPECT_EQ(read().default_prompt_name, "");
  write("config_sentence_transformers.json", R"({"prompts":{"":"A: "},"default_prompt_name":null})");
  EXPECT_EQ(read().default_prompt_name, std::nullopt);
}

// As model2vec calls it.
TEST_F(SentenceModulesTest, TheFolderItselfMayBeADot) {
  list({{st_ + "Transformer", "."}, {st_ + "Normalize", "1_Normalize"}});
  write("sentence_bert_config.json", R"({"max_seq_length":24})");
  EXPECT_EQ(read().max_seq_length, 24U);
  EXPECT_EQ(read().transformer()->path, "");
  EXPECT_EQ(transformer_folder(folder_), folder_);
}

TEST_F(SentenceModulesTest, DenseOnTokenRows) {
  list({{st_ + "Transformer", ""}, {st_ + "Dense", "1_Dense"}});
  write("1_Dense/config.json",
        R"({"in_features":3,"out_features":2,"bias":false,"activation_function":"torch.nn.modules.linear.Identity",)"
        R"("module_input_name":"token_embeddings","module_output_name":"token_embeddings"})");
  write_dense("1_Dense", 2, 3);
  const SentenceModules model = read();
  const auto& dense = std::get<DenseModule>(model.modules[1]);
  EXPECT_TRUE(dense.on_tokens);
  EXPECT_EQ(dense.activation, nullptr);
  EXPECT_EQ(dense.dense.out(), 2U);
  EXPECT_FALSE(dense.dense.bias.has_value());
  write_dense("1_Dense", 3, 3);
  EXPECT_THAT(refused(), HasSubstr("3 x 3"));
}

TEST_F(SentenceModulesTest, AResidualHasAWeightWhereTheWidthsDifferAndThereAlone) {
  list({{st_ + "Transformer", ""}, {st_ + "Dense", "1_Dense"}});
  write("1_Dense/config.json", R"({"in_features":3,"out_features":2,"bias":false,"use_residual":true})");
  const std::string linear = "linear.weight";
  const std::string residual = "residual.weight";
  write_weights("1_Dense", {{linear, {2, 3}}, {residual, {2, 3}}});
  const SentenceModules model = read();
  const auto& dense = std::get<DenseModule>(model.modules[1]);
  EXPECT_TRUE(dense.residual);
  ASSERT_TRUE(dense.residual_weight.has_value());
  EXPECT_EQ(dense.residual_weight->name, residual);
  write_weights("1_Dense", {{linear, {2, 3}}});
  EXPECT_THAT(refused(), HasSubstr(residual));
  write_weights("1_Dense", {{linear, {2, 3}}, {residual, {3, 2}}});
  EXPECT_THAT(refused(), HasSubstr("found 3 x 2"));
  write_weights("1_Dense", {{linear, {2, 3}}, {residual, {2, 3}}, {"residual.bias", {1, 2}}});
  EXPECT_THAT(refused(), HasSubstr("residual.bias"));
  // Without one to project, or without a residual at all, nobody reads it.
  write_weights("1_Dense", {{linear, {3, 3}}, {residual, {3, 3}}});
  write("1_Dense/config.json", R"({"bias":false,"use_residual":true})");
  EXPECT_THAT(refused(), HasSubstr(residual));
  write_weights("1_Dense", {{linear, {2, 3}}, {residual, {2, 3}}});
  write("1_Dense/config.json", R"({"bias":false})");
  EXPECT_THAT(refused(), HasSubstr(residual));
}

TEST_F(SentenceModulesTest, WhatIsNotKnownIsNamed) {
  list({{"my.own.Transformer", ""}});
  EXPECT_THAT(refused(), HasSubstr("my.own.Transformer"));
  list({{st_ + "LSTM", ""}});
  EXPECT_THAT(refused(), HasSubstr("LSTM"));
  list({{"sentence_transformers.base.modules.router.Router", ""}});
  EXPECT_THAT(refused(), HasSubstr("router_config.json: expected a Router's routes"));
  for (const char* path : {"../x", "/x", "..", "a/b"}) {
    list({{st_ + "Transformer", path}});
    EXPECT_THAT(refused(), HasSubstr("a path in this folder")) << path;
  }
  list({{st_ + "Transformer", ""}, {st_ + "Pooling", "1_Pooling"}});
  write("1_Pooling/config.json", R"({"pooling_mode":"median"})");
  EXPECT_THAT(refused(), HasSubstr("median"));
  write("1_Pooling/config.json", R"({"pooling_mode_median":true})");
  EXPECT_THAT(refused(), HasSubstr("pooling_mode_median"));
  write("1_Pooling/config.json", "[]");
  EXPECT_THAT(refused(), HasSubstr("settings by names"));
  write("1_Pooling/config.json", "{}");
  write("sentence_bert_config.json", R"({"max_seq_length":"long"})");
  EXPECT_THAT(refused(), HasSubstr("max_seq_length"));
  write("modules.json", "{}");
  EXPECT_THAT(refused(), HasSubstr("a list of 1 to 64 modules"));
}

// What stands behind PyLate's Transformer and Dense was not listed.
TEST_F(SentenceModulesTest, PyLatesFlatSettings) {
  list({{st_ + "Transformer", ""}, {"pylate.models.Dense.Dense", "1_Dense"}});
  write("1_Dense/config.json",
        R"({"in_features":3,"out_features":2,"bias":false,"activation_function":"torch.nn.modules.linear.Identity"})");
  write_dense("1_Dense", 2, 3);
  const std::string file = "config_sentence_transformers.json";
  const auto with = [&](const std::string& settings) {
    write(file, "{" + settings + "}");
    return read();
  };
  const SentenceModules named = with(
      R"("model_type":"ColBERT","query_prefix":"[Q] ","document_prefix":"[D] ","query_length":9,"document_length":20,)"
      R"("attend_to_expansion_tokens":true,"do_query_expansion":true,"skiplist_words":null)");
  ASSERT_EQ(named.modules.size(), 4U);
  EXPECT_TRUE(std::get<DenseModule>(named.modules[1]).on_tokens);
  EXPECT_EQ(std::get<MultiVectorMaskModule>(named.modules[2]).skiplist_words.size(), 32U);  // string.punctuation
  EXPECT_TRUE(std::get<NormalizeModule>(named.modules[3]).on_tokens);
  EXPECT_EQ(named.model_type, "MultiVectorEncoder");
  EXPECT_EQ(named.prompts.at(0), (std::pair<std::string, std::string>("query", "[Q] ")));
  EXPECT_EQ(named.markers, (std::vector<std::string>{"[Q] ", "[D] "}));
  ASSERT_TRUE(named.query_expansion.has_value());
  EXPECT_EQ(named.query_expansion->length, 9U);
  EXPECT_TRUE(named.query_expansion->attend);
  EXPECT_FALSE(named.query_length.has_value());
  EXPECT_EQ(named.document_length, 20U);

  // Without expansion the length is a limit; a prefix goes in front of a prompt that has it not.
  const SentenceModules plain =
      with(R"("prompts":{"query":"find "},"query_prefix":"q ","query_length":9,"do_query_expansion":false,)"
           R"("skiplist_words":["a"])");
  EXPECT_FALSE(plain.query_expansion.has_value());
  EXPECT_EQ(plain.query_length, 9U);
  EXPECT_EQ(plain.prompts.at(0).second, "q find ");
  EXPECT_EQ(std::get<MultiVectorMaskModule>(plain.modules[2]).skiplist_words, (std::vector<std::string>{"a"}));
  // Nothing said but the module's class: no prefixes, no expansion, nothing skipped.
  const SentenceModules bare = with("");
  EXPECT_TRUE(std::get<MultiVectorMaskModule>(bare.modules[2]).skiplist_words.empty());
  EXPECT_FALSE(bare.query_expansion.has_value());
  // Of a kind that has no such settings they are not known.
  write(file, R"({"model_type":"SparseEncoder","query_prefix":"[Q] "})");
  EXPECT_THAT(refused(), HasSubstr("query_prefix"));
  write(file, R"({"model_type":"ColBERT","query_prefix":7})");
  EXPECT_THAT(refused(), HasSubstr("query_prefix"));
  list({{st_ + "Transformer", ""}, {st_ + "Pooling", "1_Pooling"}});
  write("1_Pooling/config.json", "{}");
  write(file, R"({"query_length":9})");
  EXPECT_THAT(refused(), HasSubstr("a Dense"));
}

TEST_F(SentenceModulesTest, QueriesMustReachTheirExpansionInAModelOfAnyKind) {
  list({{st_ + "Transformer", ""}, {st_ + "Pooling", "1_Pooling"}});
  write("1_Pooling/config.json", "{}");
  const auto settings = [&](const std::string& length) {
    write("sentence_bert_config.json",
          R"({"query_expansion":{"strategy":"fixed","length":12},"query_length":)" + length + "}");
  };
  for (const char* fits : {"12", "13", "null"}) {
    settings(fits);
    EXPECT_TRUE(read_sentence_modules(folder_).has_value()) << fits;
  }
  for (const char* is_less : {"0", "11"}) {
    settings(is_less);
    EXPECT_THAT(refused(), HasSubstr("query_length"));
    EXPECT_THAT(refused(), HasSubstr("at least 12"));
  }
}

TEST_F(SentenceModulesTest, StanfordsColbert) {
  write("config.json", R"({"architectures":["BertModel"]})");
  EXPECT_FALSE(read_sentence_modules(folder_).has_value());
  write("config.json", R"({"architectures":["HF_ColBERT"]})");
  write_dense(".", 2, 3);
  const SentenceModules usual = read();
  ASSERT_EQ(usual.modules.size(), 4U);
  EXPECT_EQ(std::get<DenseModule>(usual.modules[1]).dense.out(), 2U);
  EXPECT_EQ(usual.prompts.at(0).second, "[unused0] ");
  EXPECT_EQ(usual.prompts.at(1).second, "[unused1] ");
  EXPECT_EQ(usual.query_expansion.value().length, 32U);
  EXPECT_FALSE(usual.document_length.has_value());
  write("artifact.metadata", R"({"query_token_id":"[q]","doc_token_id":null,"query_maxlen":8,"doc_maxlen":20,)"
                             R"("attend_to_mask_tokens":true,"mask_punctuation":false,"checkpoint":"x","gpus":8})");
  const SentenceModules said = read();
  EXPECT_EQ(said.prompts.at(0).second, "[q] ");
  EXPECT_EQ(said.prompts.at(1).second, "[unused1] ");
  EXPECT_EQ(said.query_expansion.value().length, 8U);
  EXPECT_TRUE(said.query_expansion.value().attend);
  EXPECT_EQ(said.document_length, 20U);
  EXPECT_TRUE(std::get<MultiVectorMaskModule>(said.modules[2]).skiplist_words.empty());
  for (const char* wrong : {R"({"query_maxlen":-1})", R"({"doc_maxlen":"long"})", R"({"mask_punctuation":3})", "[]"}) {
    write("artifact.metadata", wrong);
    EXPECT_THAT(refused(), HasSubstr("artifact.metadata")) << wrong;
  }
  fs::remove(folder_ / "artifact.metadata");
  fs::remove(folder_ / "model.safetensors");
  fs::create_directories(folder_ / "other");
  write_dense("other", 2, 3);
  EXPECT_THAT(refused(), HasSubstr("model.safetensors"));
}

TEST_F(SentenceModulesTest, ARoutersDefaultRouteAndItsTable) {
  list({{"sentence_transformers.models.Router", ""}});
  const std::string sparse = "sentence_transformers.sparse_encoder.models.";
  const std::string types = R"("types":{"q":")" + sparse + R"(SparseStaticEmbedding","d":")" + sparse +
                            R"(MLMTransformer","p":")" + sparse + R"(SpladePooling"},)";
  const std::string routes = R"("structure":{"query":["q"],"document":["d","p"]},)";
  const std::string parameters = R"("parameters":{"default_route":"document","allow_empty_key":true})";
  const std::string header = R"({"weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  write("q/model.safetensors",
        std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header + std::string(8, '\0'));
  write("router_config.json", "{" + types + routes + parameters + "}");
  const SentenceModules model = read();
  ASSERT_EQ(model.modules.size(), 2U);
  EXPECT_TRUE(std::get<TransformerModule>(model.modules[0]).masked_lm);
  EXPECT_EQ(model.query_table.value().path, "q");
  EXPECT_EQ(transformer_folder(folder_), folder_ / "d");
  EXPECT_FALSE(begins_with_table(folder_));
  const std::string mapped = R"("parameters":{"default_route":"document","route_mappings":{"query":"document"}})";
  for (const std::string& other :
       {types + R"("structure":{"query":["d"],"document":["d","p"]},)" + parameters,  // an encoder of its own
        types + R"("structure":{"query":["q"],"document":["d"],"image":["d"]},)" + parameters,
        types + routes + R"("parameters":{"default_route":"query"})", types + routes + R"("parameters":{})",
        types + routes + mapped, types + R"("structure":{"query":["q"]},)" + parameters}) {
    write("router_config.json", "{" + other + "}");
    EXPECT_THAT(refused(), HasSubstr("save the model of a route by itself")) << other;
  }
  for (const std::string& wrong :
       {types + R"("structure":{"query":["../q"],"document":["d"]},)" + parameters,
        types + R"("structure":{"query":["x"],"document":["d"]},)" + parameters,
        types + R"("structure":{"query":[7],"document":["d"]},)" + parameters,
        types + R"("structure":{"query":[],"document":["d"]},)" + parameters, R"("types":[],)" + routes + parameters}) {
    write("router_config.json", "{" + wrong + "}");
    EXPECT_EQ(thrown_by([&] { (void)read(); }).code(), ErrorCode::invalid_format) << wrong;
  }
  list({{"sentence_transformers.models.Router", ""}, {st_ + "Normalize", "1_Normalize"}});
  EXPECT_THAT(refused(), HasSubstr("a Router by itself"));
}

}  // namespace
}  // namespace bertrt::family
