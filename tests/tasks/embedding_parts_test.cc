#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "error_matchers.h"
#include "tasks/pooling.h"
#include "tasks/prompts.h"
#include "tasks/span_means.h"
#include "tasks/sparse_pooling.h"
#include "tasks/token_batches.h"
#include "tasks/vector_steps.h"

namespace bertrt::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

std::vector<float> pooled(std::vector<Pooling> modes, std::size_t skip = 0, std::vector<std::int32_t> holes = {}) {
  const std::vector<float> rows = {1, -8, 2, 4, 9, -1};  // three tokens of two columns
  std::vector<float> out(2 * modes.size());
  pool(rows, 2, skip, holes, modes, out);
  return out;
}

TEST(Pool, EveryModeByHand) {
  EXPECT_THAT(pooled({Pooling::cls}), ElementsAre(1, -8));
  EXPECT_THAT(pooled({Pooling::lasttoken}), ElementsAre(9, -1));
  EXPECT_THAT(pooled({Pooling::max}), ElementsAre(9, 4));
  EXPECT_THAT(pooled({Pooling::mean}), ElementsAre(4, FloatNear(-5.0F / 3, 1e-6F)));
  EXPECT_THAT(pooled({Pooling::mean_sqrt_len_tokens}),
              ElementsAre(FloatNear(12 / std::sqrt(3.0F), 1e-5F), FloatNear(-5 / std::sqrt(3.0F), 1e-5F)));
  EXPECT_THAT(pooled({Pooling::weightedmean}), ElementsAre(FloatNear(32.0F / 6, 1e-6F), FloatNear(-3.0F / 6, 1e-6F)));
  EXPECT_THAT(pooled({Pooling::cls, Pooling::max}), ElementsAre(1, -8, 9, 4));
}

TEST(Pool, WhatDoesNotCountKeepsItsPosition) {
  EXPECT_THAT(pooled({Pooling::cls}, 1), ElementsAre(2, 4));
  EXPECT_THAT(pooled({Pooling::weightedmean}, 1), ElementsAre(FloatNear(31.0F / 5, 1e-6F), FloatNear(1, 1e-6F)));
  EXPECT_THAT(pooled({Pooling::lasttoken}, 0, {1, 1, 0}), ElementsAre(2, 4));
  EXPECT_THAT(pooled({Pooling::mean}, 0, {1, 0, 1}), ElementsAre(5, -4.5F));
}

TEST(Pool, NothingCountsAsPythonHasIt) {
  EXPECT_THAT(pooled({Pooling::cls}, 9), ElementsAre(1, -8));
  EXPECT_THAT(pooled({Pooling::mean, Pooling::lasttoken}, 9), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(pooled({Pooling::max}, 9), ElementsAre(-INFINITY, -INFINITY));
}

TEST(NormalizeRows, ZerosStay) {
  std::vector<float> rows = {3, 4, 0, 0};
  normalize_rows(rows, 2);
  EXPECT_THAT(rows, ElementsAre(FloatNear(0.6F, 1e-7F), FloatNear(0.8F, 1e-7F), 0, 0));
}

family::Weight weight_of(std::span<const float> values, std::vector<std::int64_t> shape) {
  family::Weight weight;
  weight.tensor.type = archive::ElementType::float32;
  weight.tensor.strides = {shape[1], 1};
  weight.tensor.shape = std::move(shape);
  weight.tensor.storage = std::as_bytes(values);
  return weight;
}

// The activation is the layer's alone.
TEST(VectorSteps, AResidualGoesThroughItsOwnWeight) {
  const std::vector<float> linear = {1, 0, 0, 1, 1, 1};     // [3, 2]
  const std::vector<float> residual = {2, 0, 0, 3, 1, -1};  // [3, 2]
  family::DenseModule module;
  module.dense.weight = weight_of(linear, {3, 2});
  module.activation = [](double x) { return -x; };
  module.residual = true;
  module.residual_weight = weight_of(residual, {3, 2});
  VectorSteps steps(2);
  steps.add(module);
  EXPECT_EQ(steps.out(), 3U);
  EXPECT_THAT(steps.run({1, 2, 10, 0}), ElementsAre(2 - 1, 6 - 2, -1 - 3, 20 - 10, 0, 10 - 10));
}

TEST(PlanTokenBatches, NoBatchIsLongerThanItMayBe) {
  const std::vector<std::size_t> lengths = {3, 9, 1, 5, 5, 20};
  const auto batches = plan_token_batches(lengths, 10);
  std::vector<std::size_t> all;
  for (const auto& batch : batches) {
    std::size_t tokens = 0;
    for (const std::size_t text : batch) tokens += lengths[text];
    EXPECT_TRUE(tokens <= 10 || batch.size() == 1);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(batches.size(), 4U);
  EXPECT_TRUE(plan_token_batches({}, 10).empty());
}

TEST(Prompts, ByTextThenNameThenDefault) {
  const Prompts prompts{{{"find", "find: "}, {"query", "q: "}}, "find"};
  EXPECT_EQ(prompts.resolve("mine", "query"), "mine");
  EXPECT_EQ(prompts.resolve("", ""), "");
  EXPECT_EQ(prompts.resolve(std::nullopt, "query"), "q: ");
  EXPECT_EQ(prompts.resolve(std::nullopt, "document"), "");
  EXPECT_EQ(prompts.resolve(std::nullopt, ""), "find: ");
  const Error error = thrown_by([&] { prompts.resolve(std::nullopt, "passage"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("query, document, find"));
}

TEST(Prompts, ADefaultMayBeNamedByNothing) {
  const Prompts unnamed{{{"", "the "}, {"find", "find: "}}, ""};
  EXPECT_EQ(unnamed.resolve(std::nullopt, ""), "the ");
  EXPECT_EQ(unnamed.resolve(std::nullopt, "find"), "find: ");
  EXPECT_EQ(unnamed.resolve("", ""), "");
  const Prompts none{{{"", "the "}}, std::nullopt};
  EXPECT_EQ(none.resolve(std::nullopt, ""), "");
}

TEST(SparsePool, FoldsRowsAsTheyCome) {
  SparsePool most(3, {});
  most.add(std::vector<float>{1, -1, 0, 2, -3, 0});
  most.add(std::vector<float>{0.5F, -1, 4});
  const SparseVector vector = std::move(most).take(0);
  EXPECT_THAT(vector.indices, ElementsAre(0, 2));
  EXPECT_THAT(vector.values, ElementsAre(FloatNear(std::log1p(2.0F), 1e-6F), FloatNear(std::log1p(4.0F), 1e-6F)));

  SparsePool sum(2, {.sum = true, .double_log = true});
  sum.add(std::vector<float>{1, 0, 1, 0});
  const SparseVector twice = std::move(sum).take(0);
  EXPECT_THAT(twice.values, ElementsAre(FloatNear(2 * std::log1p(std::log1p(1.0F)), 1e-6F)));
}

TEST(KeepGreatest, TheLowerIdFirstAmongEquals) {
  const SparseVector kept = keep_greatest({{1, 5, 7, 9}, {2, 3, 1, 2}}, 2);
  EXPECT_THAT(kept.indices, ElementsAre(1, 5));
  EXPECT_THAT(kept.values, ElementsAre(2, 3));
}

TEST(SpanMeans, ATokenCountsInEverySpanThatItTouchesAndOnceOverWindows) {
  const std::vector<Offset> spans = {{0, 3}, {2, 6}, {10, 12}, {3, 3}};
  SpanMeans means(spans, 1);
  Encoding first;
  first.input_ids = {0, 1, 2, 3};
  first.offsets = {{0, 0}, {0, 2}, {2, 4}, {4, 6}};
  first.special_tokens_mask = {1, 0, 0, 0};
  means.add(first, std::vector<float>{100, 1, 2, 50}, 0, 1);  // the last token counts in the next window
  Encoding second;
  second.input_ids = {0, 1, 2};
  second.offsets = {{2, 4}, {4, 6}, {6, 8}};
  second.special_tokens_mask = {0, 0, 0};
  means.add(second, std::vector<float>{70, 6, 8}, 1, 0);
  EXPECT_THAT(std::move(means).take(), ElementsAre(1.5F, 4, 0, 0));
}

}  // namespace
}  // namespace bertrt::tasks
