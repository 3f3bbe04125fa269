#include "session/bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
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

TEST(Difference, IsMeasuredRowByRow) {
  Difference difference;
  difference.add(std::vector<float>{-1e4F, 1}, std::vector<float>{-1e4F, 1});
  difference.add(std::vector<float>{1, 1}, std::vector<float>{1, 1.5F});
  EXPECT_FALSE(difference.within(1e-2F, 0));
}

TEST(Difference, WantsInfinitiesInTheirPlacesAndLetsThemWidenNothing) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Difference same;
  same.add(std::vector<float>{-kInfinity, 1}, std::vector<float>{-kInfinity, 1});
  EXPECT_TRUE(same.within(1e-5F, 0));
  same.add(std::vector<float>{-kInfinity, 1}, std::vector<float>{-kInfinity, 1.5F});
  EXPECT_FALSE(same.within(1e-2F, 0));
  Difference other;
  other.add(std::vector<float>{kInfinity}, std::vector<float>{-kInfinity});
  EXPECT_FALSE(other.within(1e30F, 0));
  EXPECT_FALSE(other.within(0, 1));
}

TEST(Difference, OfNothingIsWithinNothing) { EXPECT_FALSE(Difference().within(1, 1)); }

TEST(Difference, NeverAcceptsNan) {
  Difference difference;
  difference.add(std::vector<float>{1, 2}, std::vector<float>{1, std::nanf("")});
  EXPECT_FALSE(difference.within(1e3F, 0));
  EXPECT_FALSE(difference.within(0, 0.1F));
}

TEST(Difference, KnowsTheErrorsShareOfTheWhole) {
  Difference difference;
  EXPECT_EQ(difference.relative(), 0);
  difference.add(std::vector<float>{3, 0}, std::vector<float>{3, 0.3F});
  difference.add(std::vector<float>{0, 4}, std::vector<float>{0.4F, 4});
  EXPECT_NEAR(difference.relative(), 0.1, 1e-6);
  EXPECT_TRUE(difference.within(0, 0.11F));
  EXPECT_FALSE(difference.within(0, 0.09F));
  Difference louder;  // a wrong scale, which no angle shows
  louder.add(std::vector<float>{1, 2}, std::vector<float>{1.25F, 2.5F});
  EXPECT_NEAR(louder.relative(), 0.25, 1e-6);
  Difference from_nothing;
  from_nothing.add(std::vector<float>{0, 0}, std::vector<float>{0, 1e-3F});
  EXPECT_FALSE(from_nothing.within(0, 0.5F));
}

}  // namespace
}  // namespace bertrt::session
