// What holds for every command: usage, exit statuses, errors in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using testing::HasSubstr;

TEST(CommandLine, HelpAndVersionSucceed) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* command : {"fill-mask", "tokenize", "encode", "run", "inspect", "verify", "bench"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
  }
  EXPECT_EQ(run({"--version"}).out, "0.1.0\n");
  for (const char* command : {"fill-mask", "tokenize", "encode", "run", "inspect", "verify", "bench"}) {
    const Outcome own = run({command, "--help"});
    EXPECT_EQ(own.status, 0) << command;
    EXPECT_THAT(own.out, testing::Not(HasSubstr("{false}"))) << command;
  }
}

TEST(CommandLine, BadUsageIsTwo) {
  expect_refused({}, 2, "--help");
  expect_refused({"translate", "hello"}, 2, "translate");
  expect_refused({"tokenize", "--no-such-option", "x"}, 2, "--no-such-option");
  expect_refused({"encode", "--engine", "quantum", "x"}, 2, "quantum");
  expect_refused({"fill-mask", "--top-k", "0", "a [MASK]"}, 2, "--top-k");
  expect_refused({"fill-mask", "--top-k", "many", "a [MASK]"}, 2, "many");
  expect_refused({"encode", "--max-length", "99999999999999999999", "a"}, 2, "99999999999999999999");
  expect_refused({"encode", "--max-length", "0", "a"}, 2, "--max-length");
  expect_refused({"encode", "--trust", "blind", "a"}, 2, "blind");
  expect_refused({"encode", "--trust", "data", "--engine", "torchscript", "a"}, 2, "trust");
  expect_refused({"encode", "--engine", "torchscript", "--dtype", "int8", "a"}, 2, "dtype");
  expect_refused({"encode", "--engine", "packed", "--device", "cuda:0", "a"}, 2, "cuda:0");
  expect_refused({"tokenize", "a", "b", "c"}, 2, "c");
}

TEST(CommandLine, NumbersAreDecimalAndInTheirRange) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"tokenize", "--stride"}, "-1"},      {{"tokenize", "--pad-to"}, "-5"},
      {{"tokenize", "--pad-to"}, "0x10"},    {{"tokenize", "--pad-to"}, "10000000000"},
      {{"tokenize", "--max-length"}, "1e3"}, {{"encode", "--threads"}, "0x1"},
      {{"bench", "--batch-size"}, "0"},      {{"bench", "--passes"}, "0"},
      {{"bench", "--lengths"}, "8,0"},       {{"embed", "--skip"}, "-1"},
      {{"fill-mask", "--top-k"}, "+1"},      {{"classify", "--top-k"}, "0"},
      {{"rerank", "--top-k"}, "0"},          {{"qa", "--top-k"}, "0"},
  };
  for (auto [command, value] : wrong) {
    command.push_back(value);
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status, 2) << value;
    EXPECT_THAT(outcome.err, HasSubstr(command[1] + ": expected a whole number from ")) << value;
    EXPECT_LT(outcome.err.size(), 200U) << value;
  }
  EXPECT_EQ(run_json({"tokenize", "--pad-to", "010", "a"}).at(0)["input_ids"].size(), 10U);
}

TEST(CommandLine, AnEmptyValueIsNotOneLeftOut) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"verify", ""},
                                                  {"inspect", "--model", ""},
                                                  {"tokenize", "--tokenizer", "", "a"},
                                                  {"embed", "--output", "", "a"},
                                                  {"embed", "--prompt", "", "a"},
                                                  {"bench", "--ids", ""},
                                                  {"tokenize", "--pair-separator", ""},
                                                  {"qa", "--question", "", "a"}}) {
    expect_refused(command, 2, "found an empty one");
  }
  expect_refused({"fill-mask", "--targets=", "A [MASK]."}, 2, "--targets: expected a value");
  expect_refused({"embed", "-m", BERTRT_TEST_DATA, "--output=", "x.npy"}, 2, "--output: expected a value");
  EXPECT_EQ(run({"tokenize", "--", "--model="}).status, 0) << "a text";
}

TEST(CommandLine, AListWithoutPartsDoesNotTakeTheNextArgument) {
  expect_refused({"fill-mask", "--targets", ",", "A [MASK]."}, 2, "--targets: expected a list");
  expect_refused({"embed", "--pooling", ",", "mean"}, 2, "--pooling: expected a list");
  expect_refused({"embed", "--pooling", "mean,wild", "a"}, 2, "wild");
  expect_refused({"bench", "--lengths", ",", "8"}, 2, "--lengths: expected a list");
}

TEST(CommandLine, ALimitAboveTheModelsIsRefused) {
  for (const char* command : {"encode", "fill-mask", "run"}) {
    expect_refused({command, "--max-length", "600", "a [MASK]"}, 2, "at most 512");
  }
  EXPECT_EQ(run_json({"tokenize", "--max-length", "600", "a"}).size(), 1U) << "a tokenizer has no model's limit";
}

// As the command has it, not as the library does.
TEST(CommandLine, AWrongOptionIsNamedByItsFlag) {
  const std::string tasks = BERTRT_TEST_DATA "/tasks/";
  const std::vector<std::pair<std::vector<std::string>, std::string>> jobs = {
      {{"ner", "--model", tasks + "token-classification", "--stride", "3", "a"}, "--stride: expected an aggregation"},
      {{"ner", "--model", tasks + "token-classification", "--aggregation", "simple", "--stride", "1000", "a"},
       "--stride: expected less"},
      {{"ner", "--model", tasks + "token-classification", "--max-length", "100000", "a"}, "--max-length: expected"},
      {{"qa", "--model", tasks + "question-answering", "-q", "a", "--doc-stride", "5000", "b"},
       "--doc-stride: expected"},
      {{"zero-shot", "--model", tasks + "zero-shot", "--labels", "a", "--template", "b", "c"}, "--template: expected"},
      {{"embed", "--model", tasks + "sentence-mean", "--dimensions", "9999", "a"}, "--dimensions: expected"},
      {{"embed", "--model", tasks + "sentence-mean", "--prompt", "none", "a"}, "--prompt: expected"},
      {{"tokenize", "--max-length", "1", "a"}, "--max-length: expected"},
      {{"fill-mask", "--top-k", "90000000", "a [MASK]"}, "--top-k: expected"},
  };
  for (const auto& [job, part] : jobs) expect_refused(job, 2, "bertrt: " + part);
}

TEST(CommandLine, OptionsThatWouldDoNothingAreRefused) {
  expect_refused({"run", "--ids", "101,102", "--max-length", "8"}, 2, "--max-length");
  expect_refused({"run", "--ids", "101,102", "--truncation", "only_first"}, 2, "--truncation");
  expect_refused({"encode", "--engine", "packed", "--trust", "full", "--operator-library", "/no/such.so", "a"}, 2,
                 "--operator-library");
  for (const char* command : {"encode", "embed"}) {
    expect_refused({command, "--trust", "full", "--operator-library", "/no/such.so", "a"}, 2, "--operator-library");
  }
}

TEST(CommandLine, DescribesItselfToManAndShells) {
  for (const std::vector<std::string>& page :
       {std::vector<std::string>{"man"}, {"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}}) {
    const Outcome outcome = run(page);
    EXPECT_EQ(outcome.status, 0) << page.back();
    for (const char* said : {"tokenize", "inspect", "top"}) EXPECT_THAT(outcome.out, HasSubstr(said)) << page.back();
  }
  expect_refused({"completion", "csh"}, 2, "csh");
}

TEST(CommandLine, BadModelFilesAreTwo) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  expect_refused({"inspect", "/no/such/file.pt"}, 2, "/no/such/file.pt");
  expect_refused({"encode", "--model", "/no/such/file.pt", "x"}, 2, "/no/such/file.pt");
  expect_refused({"encode", "--model", folder, "x"}, 2, folder);
  const std::string empty = write_file("empty.pt", "");
  expect_refused({"inspect", empty}, 2, empty);
}

TEST(CommandLine, NamesOfFilesReachTheTerminalSpelledOut) {
  const Outcome outcome = run({"inspect", "/no/such/\033[31mred\xC2\x9B\n.pt"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err.find('\033'), std::string::npos);
  EXPECT_THAT(outcome.err, HasSubstr("\\x1b[31mred"));
  EXPECT_THAT(outcome.err, HasSubstr("\\u009b"));
}

TEST(CommandLine, ADamagedModelIsTwo) {
  const std::string text = write_file("text.pt", "this is no archive");
  expect_refused({"fill-mask", "--model", text, "a [MASK]"}, 2, "text.pt");
}

TEST(CommandLine, ABadTokenizerPathIsTwo) {
  expect_refused({"tokenize", "--tokenizer", "/no/such/vocab.txt", "x"}, 2, "/no/such/vocab.txt");
}

}  // namespace
}  // namespace bertrt::cli_test
