#include "family/relative_buckets.h"

#include <gtest/gtest.h>

#include <utility>

namespace bertrt::family {
namespace {

// transformers' MPNetEncoder.relative_position_bucket for distances 0, 1, 2, …, and for negative ones.
TEST(RelativeBuckets, BucketsOfMPNet) {
  const auto bucket = [](std::ptrdiff_t distance) { return relative_bucket(distance, 32, 128); };
  EXPECT_EQ(bucket(0), 0U);
  EXPECT_EQ(bucket(-7), 7U);
  EXPECT_EQ(bucket(7), 23U);
  const std::pair<std::ptrdiff_t, std::size_t> borders[] = {{7, 7},   {8, 8},   {11, 8},  {12, 9},  {15, 9},  {16, 10},
                                                            {22, 10}, {23, 11}, {31, 11}, {32, 12}, {45, 12}, {46, 13},
                                                            {63, 13}, {64, 14}, {90, 14}, {91, 15}, {599, 15}};
  for (const auto& [distance, index] : borders) {
    EXPECT_EQ(bucket(-distance), index) << distance;
    EXPECT_EQ(bucket(distance), index + 16) << distance;
  }
  for (std::ptrdiff_t distance = 1; distance < 600; ++distance) EXPECT_LE(bucket(-distance), 15U);
}

// The longest distance sets the borders: with 20, 8 + floor(8 log(d / 8) / log(20 / 8)) from distance 8 on.
TEST(PackedRelativeBias, BucketsUpToAnotherDistance) {
  const std::pair<std::ptrdiff_t, std::size_t> buckets[] = {{7, 7},   {8, 8},   {9, 9},   {10, 9},
                                                            {12, 11}, {19, 15}, {20, 15}, {500, 15}};
  for (const auto& [distance, index] : buckets) EXPECT_EQ(relative_bucket(-distance, 32, 20), index) << distance;
}

}  // namespace
}  // namespace bertrt::family
