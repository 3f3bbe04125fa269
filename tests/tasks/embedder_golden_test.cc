#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bertrt/embedder.h"
#include "bertrt/quantize.h"
#include "embedding_golden.h"

namespace bertrt {
namespace {

using embedding_test::difference;
using embedding_test::Json;

constexpr double kEqual = 1e-5;

// Python's floor() falls on the other side of a step where the last bit of a vector differs.
void expect_quantized(const Matrix& vectors, const Json& the_case, const std::string& name) {
  const Precision precision = parse<Precision>(the_case["arguments"]["precision"].get<std::string>()).value();
  const QuantizationRanges ranges = quantization_ranges(vectors);
  const QuantizedMatrix found = quantize(vectors, precision, &ranges);
  const bool steps = precision == Precision::int8 || precision == Precision::uint8;
  ASSERT_EQ(found.rows, the_case["result"].size()) << name;
  std::size_t other = 0;
  for (std::size_t row = 0; row < found.rows; ++row) {
    ASSERT_EQ(found.row_bytes, the_case["result"][row].size()) << name;
    for (std::size_t i = 0; i < found.row_bytes; ++i) {
      const int wanted = the_case["result"][row][i].get<int>();
      EXPECT_LE(std::abs(found.value(row, i) - wanted), steps ? 1 : 0) << name;
      other += found.value(row, i) != wanted ? 1 : 0;
    }
  }
  EXPECT_LE(other * 20, found.data.size()) << name;
}

void expect_case(const Embedder& embed, const Json& the_case, const std::string& name) {
  const Matrix found = embedding_test::python_call(embed, the_case, the_case.value("method", "encode"));
  if (the_case["arguments"].contains("precision")) {
    expect_quantized(found, the_case, name);
  } else {
    EXPECT_LE(difference(found, the_case["result"]), kEqual) << name << the_case["arguments"];
  }
}

TEST(EmbedderGolden, GivesWhatSentenceTransformersGives) {
  std::size_t cases = 0;
  for (const auto& folder : embedding_test::folders("sentence-embedding")) {
    const Json expected = embedding_test::expected(folder);
    const Embedder embed = Embedder::load(folder);
    const std::string name = folder.filename().string() + " ";
    for (const Json& the_case : expected["cases"]) {
      expect_case(embed, the_case, name);
      ++cases;
    }
    if (expected.contains("similarity_of_first_5")) {
      Matrix five = embed(expected["cases"][0]["inputs"].get<std::vector<std::string>>());
      five.rows = 5;
      five.data.resize(5 * five.cols);
      for (const auto& [function, wanted] : expected["similarity_of_first_5"].items()) {
        EXPECT_LE(difference(similarity(five, five, parse<Similarity>(function).value()), wanted), kEqual)
            << name << function;
      }
    }
    if (expected.contains("similarity_fn")) {
      EXPECT_EQ(to_string(embed.info().similarity), expected["similarity_fn"].get<std::string>()) << name;
      Matrix four = embed(expected["cases"][0]["inputs"].get<std::vector<std::string>>());
      four.rows = 4;
      four.data.resize(4 * four.cols);
      EXPECT_LE(difference(similarity(four, four, embed.info().similarity), expected["similarity"]), kEqual) << name;
    }
  }
  EXPECT_GE(cases, 150U);
}

TEST(EmbedderGolden, EveryTextAloneHasTheVectorThatItHasInABatch) {
  for (const auto& folder : embedding_test::folders("sentence-embedding")) {
    const Embedder embed = Embedder::load(folder);
    const auto texts = embedding_test::expected(folder)["cases"][0]["inputs"].get<std::vector<std::string>>();
    const Matrix together = embed(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<float> alone = embed(texts[i]);
      for (std::size_t at = 0; at < alone.size(); ++at) EXPECT_NEAR(alone[at], together.row(i)[at], kEqual) << folder;
    }
  }
}

TEST(EmbedderGolden, AStreamGivesTheSameInItsOrder) {
  const auto folder = std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "sentence-mean";
  const Embedder embed = Embedder::load(folder);
  const auto texts = embedding_test::expected(folder)["cases"][0]["inputs"].get<std::vector<std::string>>();
  std::size_t next = 0;
  Matrix found{0, embed.info().dimensions, {}};
  const auto give = [&]() -> std::optional<std::string> {
    return next < 3000 ? std::optional(texts[next++ % texts.size()]) : std::nullopt;
  };
  const std::size_t count = embed.stream(give, [&](std::span<const float> vector) {
    ++found.rows;
    found.data.insert(found.data.end(), vector.begin(), vector.end());
  });
  EXPECT_EQ(count, 3000U);
  ASSERT_EQ(found.rows, 3000U);
  const Matrix wanted = embed(texts);
  for (std::size_t i = 0; i < 3000; ++i) {
    for (std::size_t at = 0; at < found.cols; ++at) {
      ASSERT_NEAR(found.row(i)[at], wanted.row(i % texts.size())[at], kEqual);
    }
  }
}

// The same files, told to leave the prompt out of the pooling.
TEST(EmbedderGolden, APromptCanBeLeftOutOfThePooling) {
  const auto folder = std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "sentence-mean";
  const auto copy =
      std::filesystem::temp_directory_path() / ("bertrt_without_prompt" + std::to_string(std::random_device()()));
  std::filesystem::remove_all(copy);
  std::filesystem::copy(folder, copy, std::filesystem::copy_options::recursive);
  std::ofstream(copy / "1_Pooling" / "config.json")
      << R"({"embedding_dimension": 32, "pooling_mode": "mean", "include_prompt": false})";
  const Json the_case = embedding_test::expected(folder)["without_prompt_in_pooling"];
  const Matrix found = embedding_test::python_call(Embedder::load(copy), the_case, "encode");
  EXPECT_LE(difference(found, the_case["result"]), kEqual);
  std::filesystem::remove_all(copy);
}

}  // namespace
}  // namespace bertrt
