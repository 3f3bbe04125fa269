#include "model/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bertrt/error.h"

namespace bertrt::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Manifest, ReadsEveryField) {
  const Manifest manifest = parse_manifest(R"({
    "format_version": 1, "producer": "p", "architecture": "mpnet", "task": "masked-lm", "future": [1],
    "config": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
               "vocab_size": 100, "max_position_embeddings": 40, "type_vocab_size": 0, "hidden_act": "relu",
               "layer_norm_eps": 1e-5, "pad_token_id": 1, "position_scheme": "relative",
               "relative_attention_num_buckets": 16},
    "labels": ["a", "b"], "problem_type": "regression", "dtype": "float16", "traced": {"batch": 2, "length": 14},
    "lengths": {"min": 1, "max": 38, "why": "compared"},
    "methods": {"forward": {"inputs": ["input_ids"], "outputs": ["logits"]}, "head": {}}})",
                                           "m");
  EXPECT_EQ(manifest.architecture, "mpnet");
  EXPECT_EQ(manifest.config.hidden_size, 32U);
  EXPECT_EQ(manifest.config.embedding_size, 32U);  // by default the hidden size
  EXPECT_EQ(manifest.config.layer_norm_eps, 1e-5);
  EXPECT_EQ(manifest.config.pad_token_id, 1);
  EXPECT_EQ(manifest.config.relative_attention_num_buckets, 16U);
  EXPECT_THAT(manifest.labels, ElementsAre("a", "b"));
  EXPECT_EQ(manifest.problem_type, "regression");
  EXPECT_EQ(manifest.traced_batch, 2U);
  EXPECT_EQ(manifest.traced_length, 14U);
  EXPECT_EQ(manifest.proven_min, 1U);
  EXPECT_EQ(manifest.proven_max, 38U);
  EXPECT_EQ(manifest.proven_why, "compared");
  ASSERT_EQ(manifest.methods.size(), 2U);
  EXPECT_THAT(manifest.methods.at("forward").outputs, ElementsAre("logits"));
}

std::string error_of(std::string_view json, ErrorCode code = ErrorCode::invalid_format) {
  try {
    (void)parse_manifest(json, "m");
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << json;
    return error.what();
  }
}

TEST(Manifest, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(R"({"format_version": 1})"), "no error");
  EXPECT_THAT(error_of(""), HasSubstr("JSON"));
  EXPECT_THAT(error_of("[1]"), HasSubstr("an object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("m.format_version"));
  EXPECT_THAT(error_of(R"({"format_version": 2})", ErrorCode::unsupported), HasSubstr("version 1 or older"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "task": 5})"), HasSubstr("m.task"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "problem_type": "foo"})"), HasSubstr("multi_label_classification"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "dtype": "foo"})"), HasSubstr("m.dtype"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "config": {"hidden_size": -1}})"), HasSubstr("m.config.hidden_size"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "config": {"hidden_size": 99999999999}})"), HasSubstr("hidden_size"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "config": []})"), HasSubstr("m.config"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "labels": [1]})"), HasSubstr("m.labels"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "methods": {"f": 1}})"), HasSubstr("m.methods.f"));
  EXPECT_THAT(error_of("{\"format_version\": 1, \"task\": \"\xff\"}"), HasSubstr("JSON"));
  EXPECT_THAT(error_of(std::string(100000, '[')), HasSubstr("nested"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "format_version": 1})"), HasSubstr("twice"));
  EXPECT_THAT(error_of(R"({"format_version": 1.5})"), HasSubstr("whole number"));
  EXPECT_THAT(error_of(R"({"format_version": 1, "config": {"hidden_size": "\u001b[2J"}})"), HasSubstr("hidden_size"));
}

TEST(Manifest, ItsTextsCanBeShown) {
  for (const char* text : {"\\u001b[2Jred", "two\\nlines", "\\u009b31m", "\\u202e"}) {
    for (const char* field : {R"("task": "%")", R"("labels": ["%"])", R"("lengths": {"why": "%"})"}) {
      std::string json = std::string(R"({"format_version": 1, )").append(field).append("}");
      json.replace(json.find('%'), 1, text);
      const std::string message = error_of(json);
      EXPECT_THAT(message, HasSubstr("control characters"));
      EXPECT_EQ(message.find_first_of("\x1b\n"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace bertrt::model
