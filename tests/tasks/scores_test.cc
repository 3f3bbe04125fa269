#include "tasks/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "error_matchers.h"

namespace bertrt::tasks {
namespace {

TEST(Scores, Functions) {
  const std::vector<float> logits = {1, 2, -100};
  const auto softmax = scores_of(logits, ScoreFunction::softmax);
  EXPECT_NEAR(softmax[1], 1 / (1 + std::exp(-1.0)), 1e-6);
  const auto sigmoid = scores_of(logits, ScoreFunction::sigmoid);
  EXPECT_NEAR(sigmoid[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_GE(sigmoid[2], 0);
  EXPECT_EQ(scores_of(logits, ScoreFunction::none), logits);
}

TEST(Scores, Activations) {
  std::vector<float> row = {-1.5F};
  activate("LogSigmoid", row);
  EXPECT_NEAR(row[0], -1.7014133F, 1e-6);
  for (const char* name : {"", "LogSigmoid", "Softmax"}) EXPECT_TRUE(knows_activation(name)) << name;
  for (const char* name : {"PReLU", "Madeup"}) {
    EXPECT_FALSE(knows_activation(name)) << name;
    EXPECT_EQ(thrown_by([&] { activate(name, row); }).code(), ErrorCode::unsupported) << name;
  }
}

}  // namespace
}  // namespace bertrt::tasks
