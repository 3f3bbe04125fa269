#include "session/bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace bertrt::session {
namespace {

TEST(Difference, IsAbsoluteUpToOneAndRelativeAbove) {
  Difference small;
  small.add(std::vector<float>{0.5F, 0.1F}, std::vector<float>{0.5F, 0.1001F});
  EXPECT_FALSE(small.within(0.99e-4F, 0));
  EXPECT_TRUE(small.within(1.01e-4F, 0));
  Difference large;
  large.add(std::vector<float>{100, 0}, std::vector<float>{100, 0.005F});
  EXPECT_TRUE(large.within(1e-4F, 0));
}

TEST(Difference, NeverAcceptsNan) {
  Difference difference;
  difference.add(std::vector<float>{1, 2}, std::vector<float>{1, std::nanf("")});
  EXPECT_FALSE(difference.within(1e3F, 0));
  EXPECT_FALSE(difference.within(0, 0.1F));
}

TEST(Difference, KnowsTheMeanCosine) {
  Difference difference;
  difference.add(std::vector<float>{1, 0}, std::vector<float>{1, 0});
  difference.add(std::vector<float>{1, 0}, std::vector<float>{0, 1});
  EXPECT_DOUBLE_EQ(difference.mean_cosine(), 0.5);
  EXPECT_TRUE(difference.within(0, 0.5F));
  EXPECT_FALSE(difference.within(0, 0.6F));
}

}  // namespace
}  // namespace bertrt::session
