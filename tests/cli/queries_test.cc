// What holds for every command that takes texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

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

// Hugging Face calls the second text so.
TEST(Lines, ATextPairIsAPair) {
  const auto tokens = [](const std::string& line) {
    return run_json({"tokenize", "--input-format", "jsonl", "--keep-going"}, line + "\n").at(0);
  };
  const json pair = json::parse(R"(["[CLS]","a","[SEP]","b","[SEP]"])");
  EXPECT_EQ(tokens(R"({"text":"a","text_pair":"b"})")["tokens"], pair);
  EXPECT_EQ(tokens(R"({"text":"a","text_pair":"b","pair":null})")["tokens"], pair);
  EXPECT_EQ(tokens(R"({"text":"a","text_pair":null})")["tokens"], json::parse(R"(["[CLS]","a","[SEP]"])"));
  EXPECT_THAT(tokens(R"({"text":"a","text_pair":"b","pair":"b"})")["error"].get<std::string>(),
              HasSubstr("found \"pair\" and \"text_pair\", which are one"));
  EXPECT_THAT(tokens(R"({"text":"a","text_pair":["b"]})")["error"].get<std::string>(),
              HasSubstr("a \"text_pair\" that is no string"));
  const std::string model = BERTRT_TEST_DATA "/tasks/token-classification";
  const auto answer =
      run_json({"ner", "--model", model, "--input-format", "jsonl", "--keep-going"}, R"({"text":"a","text_pair":"b"})")
          .at(0);
  EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr("found a pair"));
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

// The fault of an option, which every line would meet.
TEST(Lines, KeepGoingEndsWhereNoTextCanBeAnswered) {
  const std::string tasks = BERTRT_TEST_DATA "/tasks/";
  std::string words;
  for (int i = 0; i < 600; ++i) words += "a ";
  const std::vector<std::pair<std::vector<std::string>, std::string>> jobs = {
      {{"tokenize", "--stride", "7", "--max-length", "5", "--truncation", "longest_first"}, "stride"},
      {{"tokenize", "--max-length", "1"}, "--max-length"},
      {{"qa", "--model", tasks + "question-answering", "-q", words}, "question"},
      {{"zero-shot", "--model", tasks + "zero-shot", "--labels", words}, "expected"},
  };
  for (const auto& [job, part] : jobs) {
    for (const bool keeping : {false, true}) {
      auto command = job;
      if (keeping) command.insert(command.end(), {"--keep-going", "--json"});
      const Outcome outcome = run(command, "a b c d e f\nb\n");
      EXPECT_EQ(outcome.status, 2) << job[0] << outcome.out;
      EXPECT_EQ(outcome.out, "") << job[0];
      EXPECT_THAT(outcome.err, HasSubstr(part)) << job[0];
      EXPECT_THAT(outcome.err, testing::Not(HasSubstr("line 1"))) << job[0] << ": no line is to blame";
    }
  }
}

TEST(Lines, ThatAreNoJsonSayWhy) {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {R"({"text":"\ud800"})", "surrogate"},
      {R"({"text":"a","n":1e999})", "number overflow"},
      {R"({"text":"a","n":NaN})", "invalid literal"},
      {"{\"text\":\"a\tb\"}", "control character"},
      {"{\"text\":\"a\xFF\"}", "UTF-8"},
      {"", "an empty line"},
      {"\xEF\xBB\xBF{\"text\":\"a\"}", "byte order mark"},
      {"[1]", "no JSON object"},
  };
  for (const auto& [line, part] : lines) {
    const auto answer = run_json({"tokenize", "--input-format", "jsonl", "--keep-going"}, line + "\n").at(0);
    EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr(part)) << line;
    EXPECT_THAT(answer["error"].get<std::string>(), testing::Not(HasSubstr("exception"))) << line;
  }
}

// What a command takes is what it says: no pairs in its help, in its options and in its errors.
TEST(Lines, PairsAreRefusedWhereThereAreNone) {
  const std::string model = BERTRT_TEST_DATA "/tasks/token-classification";
  const auto answer =
      run_json({"ner", "--model", model, "--input-format", "jsonl", "--keep-going"}, R"({"text":"a","pair":"b"})")
          .at(0);
  EXPECT_EQ(answer["error"], "line 1 of standard input, input: expected {\"text\": …}, found a pair");
  for (const char* command : {"embed", "ner", "qa", "rerank", "zero-shot"}) {
    const std::string help = run({command, "--help"}).out;
    EXPECT_THAT(help, testing::Not(HasSubstr("[pair]"))) << command;
    EXPECT_THAT(help, testing::Not(HasSubstr("--pair-separator"))) << command;
  }
  for (const char* command : {"classify", "encode", "fill-mask", "next-sentence", "run", "tokenize"}) {
    EXPECT_THAT(run({command, "--help"}).out, HasSubstr("--pair-separator")) << command;
  }
}

TEST(Lines, OptionsOfLinesGoWithLinesAlone) {
  expect_refused({"tokenize", "--input-format", "jsonl", "text"}, 2, "--input-format jsonl");
  expect_refused({"tokenize", "--pair-separator", "|", "text"}, 2, "--pair-separator");
  expect_refused({"tokenize", "--pair-separator", "|", "--input-format", "jsonl"}, 2, "--pair-separator", "{}\n");
}

TEST(StandardInput, ThatCannotBeReadIsAnError) {
  for (const char* input : {"</tmp", "<&-"}) {
    const Outcome outcome = run_shell(std::string("\"$BERTRT\" tokenize ") + input);
    EXPECT_EQ(outcome.status, 2) << input;
    EXPECT_THAT(outcome.err, HasSubstr("standard input"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

// Whoever shares a stream with us may have made it one that does not block.
TEST(StandardStreams, ThatDoNotBlockAreWaitedFor) {
  const std::string no_block = "import fcntl, os, sys; fcntl.fcntl(int(sys.argv[1]), fcntl.F_SETFL, os.O_NONBLOCK); ";
  const std::string program = "os.execv(os.environ['BERTRT'], ['bertrt', 'tokenize', '--json'])";
  const Outcome in = run_shell("export BERTRT; (sleep 0.3; echo a) | python3 -c \"" + no_block + program + "\" 0");
  EXPECT_EQ(in.status, 0) << in.err;
  EXPECT_THAT(in.out, HasSubstr("[CLS]"));
  const Outcome out = run_shell("export BERTRT; for i in $(seq 1500); do echo $i; done | python3 -c \"" + no_block +
                                program + "\" 1 | (sleep 0.5; wc -l)");
  EXPECT_EQ(out.err, "");
  EXPECT_EQ(std::stoi("0" + out.out), 1500);
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
