// What holds for every command: usage, exit statuses, errors in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

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
