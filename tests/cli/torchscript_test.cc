// What the command line does with the torchscript module, which it finds beside itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

const std::string kDemo = BERTRT_MODELS "/demo.pt";

TEST(Encode, AFileThatGivesLogitsAloneSaysSo) {
  const std::string traces = BERTRT_TEST_DATA "/traces/";
  expect_refused({"encode", "--model", traces + "bert_masked_lm.pt", "--engine", "torchscript", "x"}, 2,
                 "can only give logits");
}

TEST(Torchscript, IsHonoured) {
  const auto line = run_json({"encode", "--engine", "torchscript", "Hello world"}).at(0);
  EXPECT_EQ(line["last_hidden_state"]["data"].size(), 4U * 384);
  EXPECT_EQ(run_json({"bench", "--engine", "torchscript", "--lengths", "4", "--threads", "1"}).size(), 1U);
}

TEST(Inspect, KeepsAProofInTheFolderThatItIsGiven) {
  const std::string trace = BERTRT_TEST_DATA "/traces/bert_layers.pt";
  const auto folder =
      std::filesystem::temp_directory_path() / ("bertrt-proofs-" + std::to_string(std::random_device()()));
  const auto why = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"inspect", "--timings", trace};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_json(arguments).at(0)["load"]["engine_why"].get<std::string>();
  };
  const std::string place = folder.string();
  EXPECT_THAT(why({"--proof-cache", place}), ::testing::HasSubstr("run through both"));
  EXPECT_THAT(why({"--proof-cache", place}), ::testing::HasSubstr("kept"));
  EXPECT_THAT(why({"--no-proof"}), ::testing::HasSubstr("unchecked"));
  std::filesystem::remove_all(folder);
}

TEST(Verify, TheDemoModelAgreesWithPythonInTheInterpreter) {
  const auto report = run_json({"verify", "--engine", "torchscript", kDemo}).at(0);
  EXPECT_EQ(report["engine"], "torchscript");
  EXPECT_LE(report["max_difference"]["hidden"], 1e-5);
  EXPECT_LE(report["max_difference"]["logits"], 1e-4);
  EXPECT_EQ(report["ok"], true);
}

}  // namespace
}  // namespace bertrt::cli_test
