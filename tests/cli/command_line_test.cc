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
  for (const char* command : {"fill-mask", "tokenize", "encode", "inspect", "verify", "bench"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
  }
  EXPECT_EQ(run({"--version"}).out, "0.1.0\n");
  EXPECT_EQ(run({"fill-mask", "--help"}).status, 0);
}

TEST(CommandLine, BadUsageIsTwo) {
  expect_refused({}, 2, "--help");
  expect_refused({"translate", "hello"}, 2, "translate");
  expect_refused({"tokenize", "--no-such-option", "x"}, 2, "--no-such-option");
  expect_refused({"encode", "--engine", "quantum", "x"}, 2, "quantum");
  expect_refused({"fill-mask", "--top-k", "0", "a [MASK]"}, 2, "--top-k");
  expect_refused({"fill-mask", "--top-k", "many", "a [MASK]"}, 2, "many");
  expect_refused({"tokenize", "a", "b", "c"}, 2, "c");
  expect_refused({"tokenize", "--truncation", "longest_first", "x"}, 2, "--max-length");
}

TEST(CommandLine, BadModelFilesAreTwo) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  expect_refused({"inspect", "/no/such/file.pt"}, 2, "/no/such/file.pt");
  expect_refused({"encode", "--model", "/no/such/file.pt", "x"}, 2, "/no/such/file.pt");
  expect_refused({"encode", "--model", folder, "x"}, 2, folder);
  const std::string empty = write_file("empty.pt", "");
  expect_refused({"inspect", empty}, 2, empty);
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
