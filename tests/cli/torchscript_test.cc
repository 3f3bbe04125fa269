// What the command line does with the torchscript module, which it finds beside itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

const std::string kDemo = BERTRT_MODELS "/demo.pt";
const std::string kTraces = BERTRT_TEST_DATA "/traces/";

std::vector<std::string> on(const std::string& trace, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"run", "--model", kTraces + trace, "--engine", "torchscript"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Encode, AFileThatGivesLogitsAloneSaysSo) {
  expect_refused({"encode", "--model", kTraces + "bert_masked_lm.pt", "--engine", "torchscript", "x"}, 2,
                 "can only give logits");
}

TEST(Encode, NamesADeviceThatLibtorchHasNot) {
  expect_refused({"encode", "--engine", "torchscript", "--device", "tpu:7", "x"}, 2, "tpu");
}

TEST(Run, GivesATracesOwnNames) {
  const auto answer = run_json(on("bert_hidden_states.pt", {"--ids", "1,2,3"})).at(0);
  EXPECT_EQ(answer["engine"], "torchscript");
  std::set<std::string> names;
  for (const auto& output : answer["outputs"]) names.insert(output["name"].get<std::string>());
  EXPECT_EQ(names, (std::set<std::string>{"0", "1", "2.0", "2.1", "2.2"}));
  EXPECT_EQ(answer["outputs"][0]["name"], "2.1") << "hidden states first, first layer first";
}

TEST(Run, TakesFurtherInputs) {
  const auto arguments = on("layoutlm.pt", {"--ids", "1,2"});
  expect_refused(arguments, 2, "bbox");
  auto with = arguments;
  with.insert(with.end(), {"--input", "bbox=0,0,1,1,2,2,3,3"});
  EXPECT_EQ(run_json(with).size(), 1U);
  auto wrong = arguments;
  wrong.insert(wrong.end(), {"--input", "bbox=0,0,1"});
  expect_refused(wrong, 2, "3 values for 2 tokens");
  auto reals = arguments;
  reals.insert(reals.end(), {"--input", "bbox=0,0,1,1,2,2,3,3.5"});
  expect_refused(reals, 2, "integers");
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

// A bundle names its outputs, and the trace that was read numbers them: both engines say the same.
TEST(Verify, ABundleOfStatesAgreesInTheInterpreter) {
  const std::string bundle = BERTRT_TEST_DATA "/tasks/bundles/sentence-mean.pt";
  const auto report = run_json({"verify", "--engine", "torchscript", bundle}).at(0);
  EXPECT_EQ(report["engine"], "torchscript");
  EXPECT_EQ(report["ok"], true);
}

}  // namespace
}  // namespace bertrt::cli_test
