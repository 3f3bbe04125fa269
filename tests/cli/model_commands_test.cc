// inspect, verify and bench: the commands about a model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using nlohmann::json;

const std::string kDemo = BERTRT_MODELS "/demo.pt";

TEST(Inspect, GivesTheContract) {
  const auto report = run_json({"inspect", kDemo}).at(0);
  EXPECT_EQ(report["architecture"], "bert");
  ASSERT_EQ(report["inputs"].size(), 3U);
  EXPECT_EQ(report["inputs"][0], json::parse(R"({"name":"input_ids","dtype":"int64"})"));
  EXPECT_FALSE(report["outputs"].empty());
  EXPECT_EQ(report["traced_shape"], json::parse("[1,128]"));
  EXPECT_EQ(report["lengths"]["proven_max"], 512);
  EXPECT_TRUE(report["lengths"]["why"].is_string());
  EXPECT_TRUE(report["engine"].is_string());
  EXPECT_TRUE(report["findings"].is_array());
  EXPECT_FALSE(report.contains("load")) << "nothing is run unless it is asked for";
}

TEST(Inspect, TimingsShowTheStagesOfALoad) {
  const auto report = run_json({"inspect", "--timings", kDemo}).at(0);
  ASSERT_FALSE(report["load"]["stages"].empty());
  double sum = 0;
  for (const auto& stage : report["load"]["stages"]) {
    EXPECT_FALSE(stage["name"].get<std::string>().empty());
    EXPECT_GE(stage["ms"].get<double>(), 0);
    sum += stage["ms"].get<double>();
  }
  EXPECT_NEAR(report["load"]["total_ms"].get<double>(), sum, 1e-3);
}

TEST(Inspect, TheModelDefaultsToTheDemo) { EXPECT_EQ(run_json({"inspect"}), run_json({"inspect", kDemo})); }

TEST(Verify, TheDemoModelAgreesWithPython) {
  const auto report = run_json({"verify", kDemo}).at(0);
  EXPECT_EQ(report["engine"], "packed");
  EXPECT_GT(report["cases"], report["trace_cases"]);
  EXPECT_GE(report["trace_cases"], 12);
  EXPECT_GE(report["longest_case"], 128);
  EXPECT_EQ(report["why"], "");
  EXPECT_LE(report["max_difference"]["hidden"], 1e-5);
  EXPECT_LE(report["max_difference"]["logits"], 1e-4);
  EXPECT_EQ(report["ok"], true);
}

// A checkpoint folder is a model for every command.
const std::string kFolder = BERTRT_TEST_DATA "/checkpoints/bert-pretraining";

TEST(Folder, IsInspected) {
  const auto report = run_json({"inspect", kFolder}).at(0);
  EXPECT_EQ(report["format"], "checkpoint folder");
  EXPECT_EQ(report["architecture"], "bert");
  EXPECT_EQ(report["engine"], "packed");
  EXPECT_EQ(report["lengths"]["proven_max"], 24);
  EXPECT_EQ(report["outputs"].size(), 5U);
}

TEST(Folder, IsRun) {
  const auto report = run_json({"run", "--model", kFolder, "the cat sat"}).at(0);
  EXPECT_EQ(report["engine"], "packed");
  EXPECT_EQ(report["outputs"].size(), 5U);
  EXPECT_EQ(run_json({"encode", "--model", kFolder, "the cat sat"}).at(0)["input_ids"], json::parse("[2,28,29,30,3]"));
  EXPECT_EQ(run_json({"tokenize", "--model", kFolder, "the cat sat"}).at(0)["input_ids"],
            json::parse("[2,28,29,30,3]"));
  EXPECT_FALSE(run_json({"fill-mask", "--model", kFolder, "the [MASK] sat"}).at(0)["masks"].empty());
}

TEST(Folder, IsVerifiedWhereAReferenceStandsInIt) {
  EXPECT_EQ(run_json({"verify", kFolder}).at(0)["ok"], true);
  expect_refused({"verify", BERTRT_TEST_DATA "/checkpoints/bert"}, 2, "bertrt_reference.json");
}

// A bare trace has no self-test: its own operators are what it is held to.
TEST(Verify, ABareTraceIsComparedWithItself) {
  const std::string folder = std::string(BERTRT_TEST_DATA) + "/kinds/";
  for (const char* name : {"splade.pt", "causal.pt", "clipped_gelu.pt"}) {
    const auto report = run_json({"verify", folder + name}).at(0);
    EXPECT_EQ(report["ok"], true) << name << report["why"];
    EXPECT_EQ(report["cases"], report["trace_cases"]);
    EXPECT_GE(report["cases"], 12);
  }
}

TEST(Bench, GivesTheContract) {
  const std::string ids = write_file("ids.jsonl", "{\"input_ids\":[101,2023,102]}\n\n{\"input_ids\":[101,102]}\n");
  const auto report = run_json({"bench", "--ids", ids, "--batch-size", "1", "--passes", "1", "--sort", "--lengths",
                                "4,8", "--threads", "1", "--model", kDemo})
                          .at(0);
  EXPECT_GT(report["tokens_per_second"], 0);
  EXPECT_GT(report["tokens_per_second_first_pass"], 0);
  EXPECT_EQ(report["latency_ms"].size(), 2U);
  EXPECT_GE(report["latency_ms"]["8"]["median"], report["latency_ms"]["8"]["min"]);
  EXPECT_GT(report["load_ms"], 0);
  EXPECT_GT(report["peak_rss_mb"], 0);
}

TEST(Bench, RefusesIdsThatAreNone) {
  expect_refused({"bench", "--ids", "/no/such/ids.jsonl"}, 2, "/no/such/ids.jsonl");
  const std::string ids = write_file("bad.jsonl", "{\"input_ids\":[101]}\n{\"ids\":[1]}\n");
  expect_refused({"bench", "--ids", ids}, 2, "line 2");
  for (const std::string id : {"1.5", "true", "4294967297", "18446744073709551615", "\"1\""}) {
    const std::string file = write_file("wrong.jsonl", "{\"input_ids\":[101," + id + "]}\n");
    expect_refused({"bench", "--ids", file}, 2, "found " + id);
  }
  expect_refused({"bench", "--ids", BERTRT_TEST_DATA}, 2, "cannot read");
}

TEST(Bench, RefusesALengthBeforeATextOfItIsMade) {
  expect_refused({"bench", "--model", kFolder, "--lengths", "100000000"}, 2, "at most 24 tokens");
  expect_refused({"bench", "--lengths", "100000000000"}, 2, "--lengths");
}

TEST(Bench, ManyCallersOfOneModel) {
  const auto report = run_json({"bench", "--model", kFolder, "--callers", "3", "--passes", "2"}).at(0);
  EXPECT_EQ(report["callers"], 3);
  EXPECT_GT(report["calls_per_second"], 0);
  EXPECT_GT(report["latency_ms"]["p50"], 0);
  EXPECT_GE(report["latency_ms"]["p99"], report["latency_ms"]["p50"]);
  expect_refused({"bench", "--callers", "2", "--batch-size", "8"}, 2, "--callers");
}

// A program that was moved takes what was moved with it.
TEST(Demo, StandsBesideTheProgram) {
  const auto root = std::filesystem::temp_directory_path() / ("bertrt-moved-" + std::to_string(std::random_device()()));
  std::filesystem::create_directories(root / "bin");
  std::filesystem::create_directories(root / "share/bertrt");
  std::filesystem::copy_file(BERTRT_CLI, root / "bin/bertrt");
  std::ofstream(root / "share/bertrt/demo.pt") << "no model";
  const Outcome outcome =
      run_shell("LD_LIBRARY_PATH='" BERTRT_LIBRARIES "' '" + (root / "bin/bertrt").string() + "' inspect");
  EXPECT_EQ(outcome.status, 2) << outcome.out;
  EXPECT_THAT(outcome.err, testing::HasSubstr((root / "share/bertrt/demo.pt").string()));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace bertrt::cli_test
