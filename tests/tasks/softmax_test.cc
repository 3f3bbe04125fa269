#include "tasks/softmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace bertrt::tasks {
namespace {

TEST(Softmax, SumsToOneAndSurvivesLargeLogits) {
  const std::vector<float> logits = {1000, 999, 998};
  const Softmax softmax(logits);
  EXPECT_NEAR(softmax.probability(0), 0.66524, 1e-5);
  EXPECT_NEAR(softmax.probability(0) + softmax.probability(1) + softmax.probability(2), 1, 1e-6);
}

TEST(TopIndices, BestFirstLowerIndexFirstAmongEquals) {
  const std::vector<float> values = {1, 3, 2, 3};
  EXPECT_THAT(top_indices(values, 3), ::testing::ElementsAre(1, 3, 2));
  EXPECT_THAT(top_indices(values, 9), ::testing::ElementsAre(1, 3, 2, 0));
}

TEST(TopIndices, NanStandsLast) {
  const std::vector<float> values = {std::nanf(""), 1, std::nanf(""), 2};
  EXPECT_THAT(top_indices(values, 2), ::testing::ElementsAre(3, 1));
}

}  // namespace
}  // namespace bertrt::tasks
