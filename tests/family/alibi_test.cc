#include "family/alibi.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bertrt::family {
namespace {

TEST(AlibiSlopes, OfAPowerOfTwoAreAGeometricRow) {
  const std::vector<float> slopes = alibi_slopes(8);
  ASSERT_EQ(slopes.size(), 8U);
  for (std::size_t i = 0; i < slopes.size(); ++i) EXPECT_EQ(slopes[i], std::exp2(-1.0F - static_cast<float>(i)));
  EXPECT_EQ(alibi_slopes(1), std::vector<float>{1.0F / 256});
}

TEST(AlibiSlopes, OfOtherNumbersAreFilledUpFromTheNextPower) {
  const std::vector<float> slopes = alibi_slopes(12);  // as BERT-base has them
  ASSERT_EQ(slopes.size(), 12U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(slopes[i], std::exp2(-1.0F - static_cast<float>(i)));
  for (std::size_t i = 8; i < 12; ++i) EXPECT_FLOAT_EQ(slopes[i], std::exp2(-0.5F - static_cast<float>(i - 8)));
}

}  // namespace
}  // namespace bertrt::family
