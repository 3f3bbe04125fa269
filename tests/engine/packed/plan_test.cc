#include "engine/packed/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace bertrt::engine::packed {
namespace {

constexpr std::size_t kHidden = 768;

batch::Batch batch_of(const std::vector<std::size_t>& lengths) {
  std::vector<Encoding> texts(lengths.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) texts[i].input_ids.assign(lengths[i], 1);
  return batch::make_batch(texts, {});
}

std::vector<std::size_t> all_texts(const Plan& plan) {
  std::vector<std::size_t> texts;
  for (std::size_t share = 0; share < plan.shares(); ++share) {
    texts.insert(texts.end(), plan.texts(share).begin(), plan.texts(share).end());
  }
  return texts;
}

TEST(PackedPlan, SharesHoldEachTextOnceAndAreEven) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < 64; ++i) lengths.push_back(5 + i * 37 % 71);
  const batch::Batch batch = batch_of(lengths);
  for (const std::size_t threads : {2, 3, 5, 8}) {
    Plan plan;
    plan.make(batch, kHidden, threads);
    ASSERT_EQ(plan.shares(), threads);
    std::vector<std::size_t> texts = all_texts(plan);
    std::sort(texts.begin(), texts.end());
    std::vector<std::size_t> expected(lengths.size());
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    EXPECT_EQ(texts, expected);
    const double even = static_cast<double>(batch.total_tokens()) / static_cast<double>(threads);
    for (std::size_t share = 0; share < threads; ++share) {
      std::size_t tokens = 0;
      for (const std::size_t text : plan.texts(share)) tokens += lengths[text];
      EXPECT_NEAR(static_cast<double>(tokens), even, 0.05 * even) << threads << " threads, share " << share;
    }
  }
}

TEST(PackedPlan, OneShareInTheBatchsOrderWhereTextsCannotBeSharedOut) {
  const std::vector<std::vector<std::size_t>> batches = {
      {512},            // one text
      {400, 100},       // uneven
      {8, 9, 7, 8},     // too little work
      {100, 100, 100},  // two of three on one thread
  };
  Plan plan;
  for (const auto& lengths : batches) {
    plan.make(batch_of(lengths), kHidden, 2);
    ASSERT_EQ(plan.shares(), 1U);
    std::vector<std::size_t> expected(lengths.size());
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    EXPECT_EQ(all_texts(plan), expected);
  }
  plan.make(batch_of({100, 100}), kHidden, 1);
  EXPECT_EQ(plan.shares(), 1U);
}

TEST(PackedPlan, MayBeMadeAgainForAnotherBatch) {
  Plan plan;
  plan.make(batch_of({60, 60, 60, 60}), kHidden, 2);
  ASSERT_EQ(plan.shares(), 2U);
  plan.make(batch_of({300}), kHidden, 2);
  ASSERT_EQ(plan.shares(), 1U);
  EXPECT_EQ(plan.texts(0).size(), 1U);
  plan.make(batch_of({60, 50, 50, 60}), kHidden, 2);
  ASSERT_EQ(plan.shares(), 2U);
  EXPECT_EQ(plan.texts(0).size() + plan.texts(1).size(), 4U);
}

}  // namespace
}  // namespace bertrt::engine::packed
