// What holds for every command that takes texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Lines, OfJson) {
  const auto lines =
      run_json({"tokenize", "--input-format", "jsonl"},
               "{\"text\":\"a\\nb\",\"id\":7}\n{\"text\":\"a\",\"pair\":\"b\"}\n{\"text\":\"\",\"pair\":null}\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["tokens"], json::parse(R"(["[CLS]","a","b","[SEP]"])"));
  EXPECT_EQ(lines[1]["tokens"], json::parse(R"(["[CLS]","a","[SEP]","b","[SEP]"])"));
  EXPECT_EQ(lines[2]["tokens"].size(), 2U);
}

TEST(Lines, ABadOneIsNamedAndEndsTheJob) {
  for (const std::string bad : {"no json", "[1]", "{\"text\":1}", "{}", "{\"text\":\"a\",\"pair\":2}", ""}) {
    const Outcome outcome = run({"tokenize", "--json", "--input-format", "jsonl"}, "{\"text\":\"a\"}\n" + bad + "\n");
    EXPECT_EQ(outcome.status, 2) << bad;
    EXPECT_THAT(outcome.err, HasSubstr("line 2 of standard input")) << bad;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << "the line before it is answered";
  }
}

TEST(Lines, KeepGoingPutsTheErrorInItsPlace) {
  const auto lines = run_json({"fill-mask", "--keep-going"}, "A [MASK].\nnothing to fill\nTwo [MASK] [MASK].\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["masks"].size(), 1U);
  EXPECT_THAT(lines[1]["error"].get<std::string>(), HasSubstr("line 2 of standard input"));
  EXPECT_EQ(lines[2]["masks"].size(), 2U);
}

TEST(Lines, KeepGoingAnswersTheLinesAroundIt) {
  // Ids that the tokenizer gives and the model has not: the vocabulary is larger by one.
  std::string long_text = "a";
  for (int i = 0; i < 600; ++i) long_text += " word";
  const auto lines = run_json({"encode", "--keep-going"}, "one\n" + long_text + "\ntwo\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[1].contains("error"));
  EXPECT_TRUE(lines[2].contains("last_hidden_state"));
}

TEST(StandardInput, ThatCannotBeReadIsAnError) {
  for (const char* input : {"</tmp", "<&-"}) {
    const Outcome outcome = run_shell(std::string("\"$BERTRT\" tokenize ") + input);
    EXPECT_EQ(outcome.status, 2) << input;
    EXPECT_THAT(outcome.err, HasSubstr("standard input"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST(StandardOutput, ThatTakesNoMoreIsAnError) {
  for (const char* command : {"--help", "--version", "tokenize --help", "tokenize hello", "tokenize --json hello"}) {
    const Outcome outcome = run_shell("\"$BERTRT\" " + std::string(command) + " >/dev/full");
    EXPECT_EQ(outcome.status, 1) << command;
    EXPECT_THAT(outcome.err, HasSubstr("standard output")) << command;
  }
}

}  // namespace
}  // namespace bertrt::cli_test
