#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;

TEST(Tokenize, GivesTheContract) {
  const auto lines = run_json({"tokenize", "Jim Henson", "É."});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], json::parse(R"({"input_ids":[101,3958,27227,102,1041,1012,102],"token_type_ids":[0,0,0,0,1,1,1],
    "attention_mask":[1,1,1,1,1,1,1],"special_tokens_mask":[1,0,0,1,0,0,1],"sequence_ids":[null,0,0,null,1,1,null],
    "tokens":["[CLS]","jim","henson","[SEP]","e",".","[SEP]"],
    "offsets":[[0,0],[0,3],[4,10],[0,0],[0,2],[2,3],[0,0]],"overflowing":[]})"));
}

TEST(Tokenize, TakesATokenizerThroughAPipe) {
  const std::string file = BERTRT_TEST_DATA "/unigram/json_first/tokenizer.json";
  const Outcome piped = run_shell("cat " + file + " | \"$BERTRT\" tokenize --json --tokenizer /dev/stdin 'a text'");
  EXPECT_EQ(piped.status, 0) << piped.err;
  EXPECT_EQ(piped.out, run({"tokenize", "--json", "--tokenizer", file, "a text"}).out);
  const Outcome other = run_shell("echo text | \"$BERTRT\" tokenize --tokenizer /dev/stdin 'a text'");
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, testing::HasSubstr("a name without an ending, and no JSON in it"));
}

TEST(Tokenize, CountsOffsetsInCodePointsWhenAsked) {
  const auto lines = run_json({"tokenize", "--offsets", "codepoint", "É."});
  EXPECT_EQ(lines.at(0).at("offsets"), json::parse("[[0,0],[0,1],[1,2],[0,0]]"));
}

TEST(Tokenize, AnswersLinesInOrderBlankOnesToo) {
  const auto lines = run_json({"tokenize"}, "one\n\ntwo\r\n\nthree");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0]["tokens"][1], "one");
  EXPECT_EQ(lines[1]["tokens"], json::parse(R"(["[CLS]","[SEP]"])"));
  EXPECT_EQ(lines[2]["tokens"][1], "two");
  EXPECT_EQ(lines[3]["tokens"].size(), 2U);
  EXPECT_EQ(lines[4]["tokens"][1], "three");
}

TEST(Tokenize, KeepsTheOrderOfManyLines) {
  std::string input;
  for (int i = 0; i < 1000; ++i) input += std::string(static_cast<std::size_t>(i % 7 + 1), 'a') + '\n';
  const auto lines = run_json({"tokenize"}, input);
  ASSERT_EQ(lines.size(), 1000U);
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i]["offsets"].rbegin()[1][1], i % 7 + 1);
}

TEST(Tokenize, SplitsLinesIntoPairs) {
  const auto lines = run_json({"tokenize", "--pair-separator", "\t"}, "a\tb\nc\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["tokens"], json::parse(R"(["[CLS]","a","[SEP]","b","[SEP]"])"));
  EXPECT_EQ(lines[1]["tokens"], json::parse(R"(["[CLS]","c","[SEP]"])"));
}

TEST(Tokenize, AnEmptyArgumentIsAnEmptyText) {
  EXPECT_EQ(run_json({"tokenize", ""}).at(0).at("tokens").size(), 2U);
  EXPECT_EQ(run_json({"tokenize", "a", ""}).at(0).at("tokens").size(), 4U);
}

TEST(Tokenize, TextsThatLookLikeSomethingElseAreTexts) {
  EXPECT_EQ(run_json({"tokenize", "[MASK]"}).at(0).at("tokens")[1], "[MASK]");
  EXPECT_EQ(run_json({"tokenize", "verify"}).at(0).at("tokens")[1], "verify");
  EXPECT_EQ(run_json({"tokenize", "--literal", "[MASK]"}).at(0).at("tokens")[1], "[");
}

TEST(Tokenize, TruncatesIntoWindows) {
  const auto lines =
      run_json({"tokenize", "--max-length", "5", "--truncation", "longest_first", "--stride", "1", "a b c d e f"});
  EXPECT_EQ(lines.at(0).at("tokens"), json::parse(R"(["[CLS]","a","b","c","[SEP]"])"));
  EXPECT_EQ(lines[0]["overflowing"][0]["tokens"], json::parse(R"(["[CLS]","c","d","e","[SEP]"])"));
}

TEST(Tokenize, TruncatesToTheModelsLimit) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "a ";
  EXPECT_EQ(run_json({"tokenize", "--truncation", "longest_first", text}).at(0).at("input_ids").size(), 512U);
}

TEST(Tokenize, Pads) {
  const auto lines = run_json({"tokenize", "--pad-to", "5", "a"});
  EXPECT_EQ(lines.at(0).at("attention_mask"), json::parse("[1,1,1,0,0]"));
}

TEST(Tokenize, ATooLongLineIsNamed) {
  const Outcome outcome = run({"tokenize", "--json", "--max-length", "4"}, "a\na b c d\nb\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, testing::HasSubstr("line 2 of standard input"));
  EXPECT_THAT(outcome.err, testing::HasSubstr("--truncation"));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << "the line before it is answered";
}

TEST(Tokenize, BytesThatAreNoUtf8StillGiveJson) {
  const auto lines = run_json({"tokenize"}, "a \xFF b\n");
  EXPECT_EQ(lines.at(0).at("offsets").rbegin()[1], json::parse("[4,5]"));
}

}  // namespace
}  // namespace bertrt::cli_test
