#include "family/sentence_modules.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

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
  void write_dense(const std::string& folder, std::size_t out, std::size_t in) const {
    const std::string header = R"({"linear.weight":{"dtype":"F32","shape":[)" + std::to_string(out) + "," +
                               std::to_string(in) + R"(],"data_offsets":[0,)" + std::to_string(4 * out * in) + "]}}";
    std::string bytes(1, static_cast<char>(header.size()));
    write(folder + "/model.safetensors", bytes + std::string(7, '\0') + header + std::string(4 * out * in, '\0'));
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
  EXPECT_EQ(dense.activation, "Identity");
  EXPECT_EQ(dense.dense.out(), 2U);
  EXPECT_FALSE(dense.dense.bias.has_value());
  write_dense("1_Dense", 3, 3);
  EXPECT_THAT(refused(), HasSubstr("3 x 3"));
}

TEST_F(SentenceModulesTest, WhatIsNotKnownIsNamed) {
  list({{"my.own.Transformer", ""}});
  EXPECT_THAT(refused(), HasSubstr("my.own.Transformer"));
  list({{st_ + "LSTM", ""}});
  EXPECT_THAT(refused(), HasSubstr("LSTM"));
  list({{"sentence_transformers.base.modules.router.Router", ""}});
  EXPECT_THAT(refused(), HasSubstr("Router, with one model for queries and one for documents"));
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

}  // namespace
}  // namespace bertrt::family
