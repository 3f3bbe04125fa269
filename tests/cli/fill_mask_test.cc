#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

TEST(FillMask, FindsJimHenson) {
  const auto lines = run_json({"fill-mask", "Who was Jim Henson ?", "Jim [MASK] was a puppeteer"});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["text"], "Who was Jim Henson ?");
  EXPECT_EQ(lines[0]["pair"], "Jim [MASK] was a puppeteer");
  ASSERT_EQ(lines[0]["masks"].size(), 1U);
  const auto& mask = lines[0]["masks"][0];
  EXPECT_EQ(mask["position"], 8);
  ASSERT_EQ(mask["predictions"].size(), 5U);
  EXPECT_EQ(mask["predictions"][0]["token"], "henson");
  EXPECT_EQ(mask["predictions"][0]["token_id"], 27227);
  EXPECT_THAT(mask["predictions"][0]["sequence"], testing::HasSubstr("jim henson was a puppeteer"));
  float before = 1;
  for (const auto& prediction : mask["predictions"]) {
    EXPECT_LE(prediction["score"].get<float>(), before);
    before = prediction["score"];
  }
}

TEST(FillMask, AnswersEveryMaskOfEveryLine) {
  const auto lines =
      run_json({"fill-mask", "--top-k", "1"}, "The President of the United [MASK] spoke to [MASK].\n\nNew [MASK].\n");
  ASSERT_EQ(lines.size(), 3U);
  ASSERT_EQ(lines[0]["masks"].size(), 2U);
  EXPECT_EQ(lines[0]["masks"][0]["predictions"].size(), 1U);
  EXPECT_EQ(lines[0]["masks"][0]["predictions"][0]["token"], "states");
  EXPECT_EQ(lines[1]["text"], "");
  EXPECT_TRUE(lines[1]["masks"].empty());
  EXPECT_EQ(lines[2]["masks"].size(), 1U);
}

TEST(FillMask, ALineAloneAndAmongOthersAnswersTheSame) {
  const std::string text = "He was born in 1950 in New [MASK].";
  const auto alone = run_json({"fill-mask", text}).at(0);
  const auto among =
      run_json({"fill-mask"}, "A [MASK].\n" + text + "\nA much longer line with one [MASK] in it.\n").at(1);
  ASSERT_EQ(alone["masks"][0]["predictions"].size(), among["masks"][0]["predictions"].size());
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& a = alone["masks"][0]["predictions"][i];
    const auto& b = among["masks"][0]["predictions"][i];
    EXPECT_EQ(a["token"], b["token"]);
    EXPECT_NEAR(a["score"].get<float>(), b["score"].get<float>(), 1e-4);
  }
}

TEST(FillMask, TargetsAreTheOnlyAnswers) {
  const auto answer = run_json({"fill-mask", "--targets", "germany,france", "Paris is the capital of [MASK]."}).at(0);
  const auto& predictions = answer["masks"][0]["predictions"];
  ASSERT_EQ(predictions.size(), 2U);
  EXPECT_EQ(predictions[0]["token"], "france");
}

TEST(FillMask, ATargetThatIsNoTokenStandsForItsFirstOneWhichIsSaidOnce) {
  const Outcome outcome = run({"fill-mask", "--json", "--targets", "no-such-word-at-all"}, "A [MASK].\nThe [MASK].\n");
  EXPECT_EQ(outcome.status, 0);
  const auto cut = nlohmann::json::parse(outcome.out.substr(0, outcome.out.find('\n')));
  ASSERT_EQ(cut["masks"][0]["predictions"].size(), 1U);
  EXPECT_EQ(cut["masks"][0]["predictions"][0]["token"], "no");
  const std::string note = "\"no-such-word-at-all\" is no token of the vocabulary; \"no\" is taken for it";
  const std::size_t at = outcome.err.find(note);
  ASSERT_NE(at, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(note, at + 1), std::string::npos) << outcome.err;
  EXPECT_EQ(run({"fill-mask", "--json", "--targets", "capital", "A [MASK]."}).err, "");
}

TEST(FillMask, NoMaskIsBadInput) {
  expect_refused({"fill-mask", "no mask here"}, 2, "[MASK]");
  EXPECT_TRUE(run_json({"fill-mask", ""}).at(0).at("masks").empty()) << "as a blank line";
  expect_refused({"fill-mask"}, 2, "line 1 of standard input", "nothing\n");
}

TEST(FillMask, TooLongATextIsBadInputUnlessTruncated) {
  std::string text = "[MASK]";
  for (int i = 0; i < 600; ++i) text += " word";
  expect_refused({"fill-mask", text}, 2, "--truncation");
  EXPECT_EQ(run_json({"fill-mask", "--truncation", "longest_first", text}).at(0).at("masks").size(), 1U);
}

TEST(FillMask, IsReadableWithoutJson) {
  const Outcome outcome = run({"fill-mask", "--top-k", "2", "New [MASK]."});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, testing::HasSubstr("position 2"));
}

}  // namespace
}  // namespace bertrt::cli_test
