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
  // torch's values at -1.5.
  const std::vector<std::pair<std::string, float>> expected = {
      {"Identity", -1.5F},   {"Sigmoid", 0.18242552F}, {"Tanh", -0.9051483F},    {"ReLU", 0},
      {"GELU", -0.1002108F}, {"SiLU", -0.2736383F},    {"Softplus", 0.2014133F}, {"LogSigmoid", -1.7014133F}};
  for (const auto& [name, value] : expected) {
    std::vector<float> row = {-1.5F};
    activate(name, row);
    EXPECT_NEAR(row[0], value, 1e-6) << name;
    EXPECT_TRUE(knows_activation(name));
  }
  std::vector<float> row = {-1.5F};
  EXPECT_FALSE(knows_activation("Mish"));
  EXPECT_EQ(thrown_by([&] { activate("Mish", row); }).code(), ErrorCode::unsupported);
}

TEST(Scores, TheLastPartOfAName) {
  EXPECT_EQ(last_part("torch.nn.modules.linear.Identity"), "Identity");
  EXPECT_EQ(last_part("Identity"), "Identity");
}

}  // namespace
}  // namespace bertrt::tasks
