#include "model/describe_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "archive/test_zip.h"
#include "model/architecture.h"

namespace bertrt::model {
namespace {

void expect_equal(const EncoderConfig& found, const EncoderConfig& expected, const std::string& name) {
  EXPECT_EQ(found.hidden_size, expected.hidden_size) << name;
  EXPECT_EQ(found.num_hidden_layers, expected.num_hidden_layers) << name;
  EXPECT_EQ(found.num_attention_heads, expected.num_attention_heads) << name;
  EXPECT_EQ(found.intermediate_size, expected.intermediate_size) << name;
  EXPECT_EQ(found.vocab_size, expected.vocab_size) << name;
  EXPECT_EQ(found.max_position_embeddings, expected.max_position_embeddings) << name;
  EXPECT_EQ(found.type_vocab_size, expected.type_vocab_size) << name;
  EXPECT_EQ(found.embedding_size, expected.embedding_size) << name;
  EXPECT_EQ(found.hidden_act, expected.hidden_act) << name;
  EXPECT_EQ(found.layer_norm_eps, expected.layer_norm_eps) << name;
  EXPECT_EQ(found.pad_token_id, expected.pad_token_id) << name;
  EXPECT_EQ(found.position_scheme, expected.position_scheme) << name;
  EXPECT_EQ(found.relative_attention_num_buckets, expected.relative_attention_num_buckets) << name;
}

// The exporter wrote down the configuration of every bundle; the trace inside says the same without it.
TEST(DescribeEncoder, ReadsFromTheTraceWhatTheManifestSays) {
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(archive::test::data("parity"))) {
    if (entry.path().extension() != ".pt") continue;
    const auto file = ModelFile::open(entry.path());
    if (!file->manifest()) continue;
    const std::string name = entry.path().filename().string();
    std::string why_not;
    const auto config = describe_encoder(*file, &why_not);
    ASSERT_TRUE(config.has_value()) << name << ": " << why_not;
    expect_equal(*config, file->manifest()->config, name);
    const auto layout = find_encoder(*file);
    ASSERT_TRUE(layout.has_value());
    EXPECT_EQ(layout->architecture, file->manifest()->architecture) << name;
    seen.insert(layout->architecture);
  }
  EXPECT_THAT(seen, testing::ElementsAre("albert", "bert", "camembert", "distilbert", "electra", "mpnet", "roberta",
                                         "xlm-roberta"));
}

// Written-out gelu and layer norm, constants instead of numbers, views that name the heads.
TEST(DescribeEncoder, ReadsTracesOfTheOldLibraries) {
  const EncoderConfig expected = {.hidden_size = 16,
                                  .num_hidden_layers = 2,
                                  .num_attention_heads = 4,
                                  .intermediate_size = 32,
                                  .vocab_size = 128,
                                  .max_position_embeddings = 64,
                                  .type_vocab_size = 2,
                                  .embedding_size = 16,
                                  .hidden_act = "gelu",
                                  .layer_norm_eps = 1e-12,
                                  .pad_token_id = 0,
                                  .relative_attention_num_buckets = 0,
                                  .position_scheme = "absolute"};
  for (const char* name :
       {"traces/pytorch_pretrained_bert.pt", "traces/pytorch_transformers.pt", "traces/bert_qa.pt"}) {
    std::string why_not;
    const auto config = describe_encoder(*ModelFile::open(archive::test::data(name)), &why_not);
    ASSERT_TRUE(config.has_value()) << name << ": " << why_not;
    expect_equal(*config, expected, name);
  }
}

TEST(DescribeEncoder, SaysWhyNot) {
  std::string why_not;
  EXPECT_FALSE(describe_encoder(*ModelFile::open(archive::test::data("traces/not_text.pt")), &why_not));
  EXPECT_THAT(why_not, testing::HasSubstr("parameter names"));
  EXPECT_FALSE(describe_encoder(*ModelFile::open(archive::test::data("traces/longformer.pt")), &why_not));
  EXPECT_THAT(why_not, testing::HasSubstr("longformer"));
  EXPECT_FALSE(describe_encoder(*ModelFile::open(archive::test::data("traces/longformer.pt")), nullptr));
}

TEST(Architecture, FindsThePrefix) {
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("traces/bert_tuple.pt")))->prefix, "");
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("traces/bert_qa.pt")))->prefix, "bert.");
  EXPECT_EQ(find_encoder(*ModelFile::open(archive::test::data("parity/mpnet.pt")))->prefix, "mpnet.");
  EXPECT_EQ(guess_architecture(*ModelFile::open(archive::test::data("traces/toy_slice.pt"))), "");
}

}  // namespace
}  // namespace bertrt::model
