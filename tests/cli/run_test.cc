// run: everything that a model gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kTraces = BERTRT_TEST_DATA "/traces/";
const std::string kParity = BERTRT_TEST_DATA "/parity/";

std::vector<std::string> on(const std::string& model, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"run", "--model", model};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Run, GivesTheContract) {
  const auto answer = run_json(on(kParity + "bert_gelu.pt", {"--ids", "7,20,30,8"})).at(0);
  EXPECT_EQ(answer["engine"], "packed");
  EXPECT_TRUE(answer["engine_why"].is_string());
  EXPECT_TRUE(answer["findings"].is_array());
  ASSERT_EQ(answer["outputs"].size(), 3U);
  EXPECT_EQ(answer["outputs"][0]["role"], "hidden_state");
  EXPECT_EQ(answer["outputs"][1]["role"], "hidden_state");
  EXPECT_EQ(answer["outputs"][2]["role"], "token_logits");
  EXPECT_EQ(answer["outputs"][2]["shape"], json::parse("[4,72]"));
  EXPECT_EQ(answer["outputs"][2]["data"].size(), 4U * 72);
  EXPECT_TRUE(answer["outputs"][2]["name"].is_string());
}

TEST(Run, SeveralIdsAreOneBatchAndAnswerAsEachAlone) {
  const std::string model = kParity + "bert_gelu.pt";
  const std::string first = "7,20,30,8;0,0,1,1";
  const std::string second = "7,9,8;;1,0,1";
  const auto together = run_json(on(model, {"--ids", first, "--ids", second}));
  ASSERT_EQ(together.size(), 2U);
  EXPECT_EQ(together[0]["outputs"], run_json(on(model, {"--ids", first})).at(0)["outputs"]);
  EXPECT_EQ(together[1]["outputs"], run_json(on(model, {"--ids", second})).at(0)["outputs"]);
  EXPECT_NE(together[0]["outputs"], run_json(on(model, {"--ids", "7,20,30,8"})).at(0)["outputs"]) << "types count";
  EXPECT_NE(together[1]["outputs"], run_json(on(model, {"--ids", "7,9,8"})).at(0)["outputs"]) << "the mask counts";
}

// The model has 64 positions, its tokenizer a limit of 24.
TEST(Run, CutsAtTheTokenizersOwnLimitWhereThatIsSmaller) {
  const std::string model = BERTRT_TEST_DATA "/tasks/colbert";
  std::string text;
  for (int i = 0; i < 40; ++i) text += "a ";
  const auto rows = [&](std::vector<std::string> options) {
    options.push_back(text);
    return run_json(on(model, std::move(options))).at(0)["outputs"][0]["shape"][0];
  };
  EXPECT_EQ(rows({"--truncation", "longest_first"}), 24);
  EXPECT_EQ(rows({"--truncation", "longest_first", "--max-length", "30"}), 30);
  EXPECT_EQ(rows({}), 42) << "what is not cut may be as long as the model's texts";
}

TEST(Run, TakesTextsAsWell) {
  const auto lines = run_json({"run"}, "one two\n\nthree\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["outputs"][0]["shape"][0], 4);
  EXPECT_EQ(lines[1]["outputs"][0]["shape"][0], 2) << "a blank line is an empty text";
}

TEST(Run, BadIdsAreBadUsage) {
  expect_refused({"run", "--ids", ""}, 2, "--ids");
  expect_refused({"run", "--ids", "1,x"}, 2, "\"x\"");
  expect_refused({"run", "--ids", "1,99999999999"}, 2, "99999999999");
  expect_refused({"run", "--ids", "1;1;1;1"}, 2, "three parts");
  expect_refused({"run", "--ids", "101,40000,102"}, 2, "40000");
  expect_refused({"run", "--ids", "101,102;0"}, 2, "token_type_ids");
  expect_refused({"run", "--ids", "101", "text"}, 2, "not both");
  expect_refused({"run", "--input", "bbox=1", "text"}, 2, "--ids");
}

TEST(Run, AModelThatNoEngineMayRunIsRefusedInOneLine) {
  expect_refused(on(kTraces + "custom_operator.pt", {"--trust", "data", "--ids", "1,2"}), 2, "not used");
  expect_refused(on(kTraces + "custom_operator.pt", {"--engine", "packed", "--ids", "1,2"}), 2, "packed");
}

TEST(Run, IsReadableWithoutJson) {
  const Outcome outcome = run(on(kParity + "bert_gelu.pt", {"--ids", "7,8"}));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("engine packed"));
  EXPECT_THAT(outcome.out, HasSubstr("token_logits"));
  EXPECT_THAT(outcome.out, HasSubstr("[2, 72]"));
}

}  // namespace
}  // namespace bertrt::cli_test
