#include "family/relative_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bertrt/error.h"

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

std::int32_t row_at(const std::vector<std::int32_t>& rows, std::ptrdiff_t distance) {
  const auto middle = static_cast<std::ptrdiff_t>(rows.size() / 2);
  return rows[static_cast<std::size_t>(middle + std::clamp(distance, -middle, middle))];
}

// transformers' make_log_bucket_position, moved and clamped into the table.
TEST(DisentangledRows, BucketsOfDebertaV3) {
  const std::vector<std::int32_t> rows = disentangled_rows(256, 256, 512, "test");
  const std::pair<std::ptrdiff_t, std::int32_t> buckets[] = {
      {0, 0},     {1, 1},     {127, 127}, {128, 128}, {129, 129}, {130, 130}, {140, 137}, {200, 169},
      {256, 192}, {300, 207}, {400, 233}, {510, 255}, {511, 255}, {512, 256}, {600, 256}, {100000, 256}};
  for (const auto& [distance, bucket] : buckets) {
    EXPECT_EQ(row_at(rows, distance), std::min(511, 256 + bucket)) << distance;
    EXPECT_EQ(row_at(rows, -distance), 256 - bucket) << -distance;
  }
}

TEST(DisentangledRows, AnOddNumberOfBuckets) {
  const std::vector<std::int32_t> rows = disentangled_rows(7, 7, 33, "test");
  EXPECT_EQ(row_at(rows, 3), 10);
  EXPECT_EQ(row_at(rows, 9), 11);
  EXPECT_EQ(row_at(rows, 10), 12);
  EXPECT_EQ(row_at(rows, 33), 13);  // the sixth bucket
  EXPECT_EQ(row_at(rows, -10), 2);
}

TEST(DisentangledRows, WithoutBucketsEachDistanceHasItsRow) {
  const std::vector<std::int32_t> rows = disentangled_rows(3, 0, 3, "test");
  EXPECT_EQ(rows, (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 5}));
}

TEST(DisentangledRows, SettingsWithoutAnEndAreRefused) {
  EXPECT_THROW(disentangled_rows(4, 4, std::size_t{1} << 30U, "test"), Error);
  EXPECT_THROW(disentangled_rows(3, 3, 100, "test"), Error);
  EXPECT_THROW(disentangled_rows(8, 8, 5, "test"), Error);
  EXPECT_THROW(disentangled_rows(std::size_t{1} << 30U, 0, 1, "test"), Error);
}

}  // namespace
}  // namespace bertrt::family
