// Masked words from traces that are run as they are.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "bertrt/fill_mask.h"
#include "bertrt/runtime.h"
#include "error_matchers.h"

namespace bertrt {
namespace {

BertSession demo(EngineKind engine = EngineKind::torchscript) {
  set_num_threads(1);
  return BertSession::load(std::filesystem::path(BERTRT_MODELS) / "demo.pt", {.engine = engine});
}

BertSession trace(const std::string& file) {
  return BertSession::load(std::filesystem::path(BERTRT_TEST_DATA) / "traces" / file,
                           {.engine = EngineKind::torchscript});
}

TEST(FillMask, BothEnginesAgree) {
  const auto reference = FillMask(demo())("The capital of [MASK] is Rome.", {.top_k = 10});
  const auto packed = FillMask(demo(EngineKind::packed))("The capital of [MASK] is Rome.", {.top_k = 10});
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(reference[0].predictions[i].token, packed[0].predictions[i].token);
    EXPECT_NEAR(reference[0].predictions[i].score, packed[0].predictions[i].score, 1e-4);
  }
}

TEST(FillMask, RunsABareTraceOfAMaskedLanguageModel) {
  const auto answers = FillMask(trace("bert_masked_lm.pt"))("jim [MASK] was a puppeteer", {.top_k = 2});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].position, 2U);
}

TEST(FillMask, AModelWithoutTheHeadIsAnError) {
  EXPECT_EQ(thrown_by([] { FillMask(trace("bert_tuple.pt")); }).code(), ErrorCode::unsupported);
  EXPECT_EQ(thrown_by([] { FillMask(trace("bert_classify.pt"))("a [MASK]"); }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace bertrt
