#include "bertrt/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/test_zip.h"
#include "bertrt/error.h"
#include "bertrt/session.h"

namespace bertrt {
namespace {

using archive::test::data;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename Value>
std::vector<std::string> names(const std::vector<Value>& values) {
  std::vector<std::string> result;
  for (const Value& value : values) result.push_back(value.name);
  return result;
}

TEST(Inspect, ATraceByTransformers) {
  const ModelReport report = inspect(data("traces/bert_dict.pt"));
  EXPECT_EQ(report.format, "torchscript trace");
  EXPECT_EQ(report.architecture, "bert");
  EXPECT_THAT(names(report.inputs), ElementsAre("input_ids", "attention_mask", "token_type_ids"));
  EXPECT_EQ(report.inputs[0].dtype, "int64");
  EXPECT_THAT(report.traced_shape, ElementsAre(1, 14));
  EXPECT_THAT(names(report.outputs), ElementsAre("last_hidden_state", "pooler_output"));
  EXPECT_EQ(report.outputs[1].role, OutputRole::pooled_output);
  EXPECT_EQ(report.lengths.proven_max, 64U);
  EXPECT_EQ(report.parameters, 7856U);
  EXPECT_TRUE(report.findings.empty());
}

TEST(Inspect, ABundle) {
  const ModelReport report = inspect(data("parity/roberta.pt"));
  EXPECT_EQ(report.format, "bertrt bundle 1");
  EXPECT_EQ(report.architecture, "roberta");
  EXPECT_EQ(report.task, "masked-lm");
  EXPECT_GT(report.lengths.proven_max, 0U);
  EXPECT_THAT(names(report.outputs), ElementsAre("layer 1", "layer 2", "0"));
  EXPECT_EQ(report.outputs[2].role, OutputRole::token_logits);
}

// What a session gives, on whatever engine, and what it is.
TEST(Inspect, SaysWhatASessionSays) {
  for (const char* file : {"parity/roberta.pt", "kinds/doubled_layer.pt", "kinds/sentence.pt", "kinds/causal.pt"}) {
    for (const EngineKind engine : {EngineKind::automatic, EngineKind::graph}) {
      const ModelReport report = inspect(data(file), {.engine = engine});
      const BertSession session = BertSession::load(data(file), {.engine = engine});
      EXPECT_EQ(names(report.outputs), names(session.info().outputs)) << file;
      EXPECT_EQ(report.architecture, session.info().architecture) << file;
    }
  }
}

TEST(Inspect, TheTutorialsTrap) {
  const ModelReport report = inspect(data("traces/bert_trap.pt"));
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].severity, "note");
  EXPECT_THAT(report.findings[0].message, HasSubstr("the second input is attention_mask"));
}

TEST(Inspect, ATraceWithoutAMaskSaysThatPaddingMatters) {
  const ModelReport report = inspect(data("traces/pytorch_pretrained_bert.pt"));
  EXPECT_THAT(names(report.outputs), ElementsAre("0.0", "0.1", "1"));
  ASSERT_FALSE(report.findings.empty());
  EXPECT_THAT(report.findings[0].message, HasSubstr("padding changes its answers"));
}

TEST(Inspect, AHostileFile) {
  const ModelReport report = inspect(data("traces/hostile_setstate.pt"));
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].severity, "refuse");
  EXPECT_THAT(report.findings[0].where, HasSubstr("code/__torch__/toys.py:"));
  EXPECT_EQ(report.engine, EngineKind::graph);
}

TEST(Inspect, DecidesAsLoadingDoes) {
  const auto path = data("traces/bert_dict.pt");
  EXPECT_EQ(inspect(path).engine, EngineKind::packed);
  EXPECT_EQ(inspect(path, {.engine = EngineKind::graph}).engine, EngineKind::graph);
  EXPECT_EQ(inspect(data("traces/custom_operator.pt")).engine, std::nullopt);
  EXPECT_THAT(inspect(data("traces/custom_operator.pt")).engine_why, HasSubstr("not known"));
  EXPECT_EQ(inspect(path, {.trust = Trust::checked}).engine, EngineKind::packed);
  EXPECT_EQ(inspect(path, {.prove = false}).engine, EngineKind::packed);
  EXPECT_EQ(inspect(path, {.engine = EngineKind::torchscript}).engine, EngineKind::torchscript);
  EXPECT_EQ(inspect(data("parity/roberta.pt")).engine, EngineKind::packed);
}

TEST(Inspect, ADamagedWeightIsAnError) {
  std::string bytes = archive::test::read_file(data("traces/bert_dict.pt"));
  bytes[bytes.find("data/2FB") + 500] ^= 1;
  try {
    (void)inspect_memory(archive::test::bytes_of(bytes), "bent.pt");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_format);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("bent.pt: "), HasSubstr("data/2"), HasSubstr("checksum")));
  }
}

}  // namespace
}  // namespace bertrt
