#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;

TEST(Encode, GivesTheContract) {
  const auto lines = run_json({"encode", "Hello world", "again"});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["input_ids"], json::parse("[101,7592,2088,102,2153,102]"));
  EXPECT_EQ(lines[0]["last_hidden_state"]["shape"], json::parse("[6,384]"));
  EXPECT_EQ(lines[0]["last_hidden_state"]["data"].size(), 6U * 384);
  EXPECT_FALSE(lines[0].contains("all_encoder_layers"));
}

// ALBERT's tokenizer numbers the texts of a pair, and transformers 5 does not hand that on to the model.
TEST(Encode, TokenTypesGoWhereTransformersHandsThemOn) {
  const std::string folder = std::string(BERTRT_TEST_DATA) + "/tasks/text-classification-albert";
  const json pair = run_json({"encode", "--model", folder, "a sea", "the boat"}).at(0);
  std::string ids;
  std::string types;
  for (const json& id : pair["input_ids"]) {
    ids += (ids.empty() ? "" : ",") + id.dump();
    types += types.empty() ? "0" : ",0";
  }
  const auto last = [&](const std::string& input) {
    const json line = run_json({"run", "--model", folder, "--ids", input}).at(0);
    json found;
    for (const json& output : line["outputs"]) {
      if (output["role"] == "hidden_state") found = output["data"];
    }
    return found;
  };
  EXPECT_EQ(pair["last_hidden_state"]["data"], last(ids + ";" + types));
  types.back() = '1';
  EXPECT_NE(pair["last_hidden_state"]["data"], last(ids + ";" + types));
  const json tokens = run_json({"tokenize", "--model", folder, "a sea", "the boat"}).at(0);
  EXPECT_EQ(tokens["token_type_ids"].back(), 1);
}

TEST(Encode, AllLayersEndWithTheLast) {
  const auto line = run_json({"encode", "--all-layers", "Hello"}).at(0);
  ASSERT_EQ(line["all_encoder_layers"].size(), 6U);
  EXPECT_EQ(line["all_encoder_layers"].back(), line["last_hidden_state"]);
}

TEST(Encode, AnswersLinesInOrderBlankOnesToo) {
  const auto lines = run_json({"encode"}, "one two three\n\none\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["last_hidden_state"]["shape"][0], 5);
  EXPECT_EQ(lines[1]["last_hidden_state"]["shape"][0], 2);
  EXPECT_EQ(lines[2]["last_hidden_state"]["shape"][0], 3);
}

TEST(Encode, NumbersAreTheShortestThatReadBack) {
  const Outcome outcome = run({"encode", "--json", "Hello"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json parsed = json::parse(outcome.out);
  // A float needs at most nine digits; a double of the same value would show up to seventeen.
  const auto data = outcome.out.find("\"data\":[") + 8;
  std::size_t longest = 0;
  for (std::size_t begin = data; outcome.out[begin - 1] != ']';) {
    const std::size_t end = outcome.out.find_first_of(",]", begin);
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  EXPECT_LE(longest, std::string("-0.123456789e-01").size());
  EXPECT_EQ(parsed["last_hidden_state"]["data"].size(), 3U * 384);
}

}  // namespace
}  // namespace bertrt::cli_test
