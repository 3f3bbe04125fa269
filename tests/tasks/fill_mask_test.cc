#include "bertrt/fill_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

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

TEST(FillMask, KnowsACapital) {
  const FillMask fill(demo());
  const auto answers = fill("Paris is the capital of [MASK].", {.top_k = 3});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].position, 6U);
  ASSERT_EQ(answers[0].predictions.size(), 3U);
  std::vector<std::string> tokens;
  for (const MaskPrediction& prediction : answers[0].predictions) tokens.push_back(prediction.token);
  EXPECT_THAT(tokens, ::testing::Contains("france"));
  EXPECT_GE(answers[0].predictions[0].score, answers[0].predictions[1].score);
  EXPECT_EQ(answers[0].predictions[0].sequence, "paris is the capital of " + tokens[0] + ".");
}

TEST(FillMask, TheSeedsPair) {
  const auto answers = FillMask(demo())("Who was Jim Henson ?", "Jim [MASK] was a puppeteer");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].position, 8U);
  EXPECT_EQ(answers[0].predictions[0].token, "henson");
}

TEST(FillMask, SeveralMasksInOneText) {
  const auto answers = FillMask(demo())("The [MASK] sat on the [MASK].");
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].position, 2U);
  EXPECT_EQ(answers[1].position, 6U);
  EXPECT_THAT(answers[0].predictions[0].sequence, ::testing::HasSubstr("[MASK]"));  // the other one
}

TEST(FillMask, ABatchWithPaddingAndMixedLengthsAnswersAsEachTextAlone) {
  const BertSession session = demo();
  const FillMask fill(session);
  const Tokenizer& tokenizer = session.tokenizer();
  const std::vector<Encoding> batch = {tokenizer.encode("The [MASK] is blue.", {.pad_to = 40}),
                                       tokenizer.encode("[MASK] and [MASK] went up the hill to fetch some water."),
                                       tokenizer.encode("A [MASK].")};
  const auto together = fill(batch);
  ASSERT_EQ(together.size(), 3U);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto alone = fill(std::span(&batch[i], 1)).front();
    ASSERT_EQ(together[i].size(), alone.size());
    for (std::size_t m = 0; m < alone.size(); ++m) {
      EXPECT_EQ(together[i][m].position, alone[m].position);
      EXPECT_EQ(together[i][m].predictions[0].token_id, alone[m].predictions[0].token_id);
      EXPECT_NEAR(together[i][m].predictions[0].score, alone[m].predictions[0].score, 1e-4);
    }
  }
}

TEST(FillMask, BothEnginesAgree) {
  const auto reference = FillMask(demo())("The capital of [MASK] is Rome.", {.top_k = 10});
  const auto packed = FillMask(demo(EngineKind::packed))("The capital of [MASK] is Rome.", {.top_k = 10});
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(reference[0].predictions[i].token, packed[0].predictions[i].token);
    EXPECT_NEAR(reference[0].predictions[i].score, packed[0].predictions[i].score, 1e-4);
  }
}

TEST(FillMask, ScoresAreAShareOfTheWholeVocabulary) {
  const BertSession session = demo();
  const auto answers = FillMask(session)("A [MASK].", {.top_k = session.tokenizer().vocab_size()});
  double sum = 0;
  for (const MaskPrediction& prediction : answers[0].predictions) sum += prediction.score;
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(FillMask, RunsABareTraceOfAMaskedLanguageModel) {
  const auto answers = FillMask(trace("bert_masked_lm.pt"))("jim [MASK] was a puppeteer", {.top_k = 2});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].position, 2U);
}

TEST(FillMask, WithoutAMaskIsAnError) {
  const FillMask fill(demo());
  EXPECT_EQ(thrown_by([&] { fill("No mask here."); }).code(), ErrorCode::missing_mask_token);
  EXPECT_EQ(thrown_by([&] { fill(""); }).code(), ErrorCode::missing_mask_token);
}

TEST(FillMask, ALongTextIsAnErrorUnlessTruncationIsAskedFor) {
  const FillMask fill(demo());
  std::string text = "A [MASK].";
  for (int i = 0; i < 600; ++i) text += " more";
  EXPECT_EQ(thrown_by([&] { fill(text); }).code(), ErrorCode::input_too_long);
  EXPECT_EQ(fill(text, {.truncation = Truncation::longest_first}).size(), 1U);
}

TEST(FillMask, TopKOutOfRangeIsAnError) {
  const FillMask fill(demo());
  EXPECT_EQ(thrown_by([&] { fill("A [MASK].", {.top_k = 0}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { fill("A [MASK].", {.top_k = 1000000}); }).code(), ErrorCode::invalid_argument);
}

TEST(FillMask, AModelWithoutTheHeadIsAnError) {
  EXPECT_EQ(thrown_by([] { FillMask(trace("bert_tuple.pt")); }).code(), ErrorCode::unsupported);
  EXPECT_EQ(thrown_by([] { FillMask(trace("bert_classify.pt")); }).code(), ErrorCode::unsupported);
}

TEST(FillMask, WantsToKnowItsLogitsAsWellAsItIsAsked) {
  const Error error = thrown_by([] { FillMask(demo(), Evidence::recognized); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("by name"));
}

TEST(FillMask, TargetsAreTheOnlyAnswers) {
  const FillMask fill(demo());
  const auto all = fill("Paris is the capital of [MASK].", {.top_k = 30522});
  const auto some = fill("Paris is the capital of [MASK].", {.targets = {"Spain", "france", "spain"}});
  ASSERT_EQ(some.front().predictions.size(), 2U);
  EXPECT_EQ(some.front().predictions[0].token, "france");
  EXPECT_EQ(some.front().predictions[1].token, "spain");
  for (const MaskPrediction& prediction : all.front().predictions) {
    for (const MaskPrediction& target : some.front().predictions) {
      if (target.token_id == prediction.token_id) {
        EXPECT_EQ(target.score, prediction.score);
      }
    }
  }
  EXPECT_EQ(fill("A [MASK].", {.top_k = 1, .targets = {"cat", "dog"}}).front().predictions.size(), 1U);
  EXPECT_EQ(thrown_by([&] { fill("A [MASK].", {.targets = {"", " "}}); }).code(), ErrorCode::invalid_argument);
}

TEST(FillMask, AnEmptyBraceMeansOptions) {
  const FillMask fill(demo());
  EXPECT_EQ(fill("A [MASK].", {}).size(), 1U);
  EXPECT_EQ(fill("A cat.", std::string("A [MASK]."), {}).size(), 1U);
}

}  // namespace
}  // namespace bertrt
