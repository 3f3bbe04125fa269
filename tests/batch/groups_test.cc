#include "batch/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace bertrt::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::size_t> all_texts(const std::vector<Group>& groups) {
  std::vector<std::size_t> texts;
  for (const Group& group : groups) texts.insert(texts.end(), group.texts.begin(), group.texts.end());
  std::sort(texts.begin(), texts.end());
  return texts;
}

TEST(Groups, NearLengthsGoTogetherAndFarOnesDoNot) {
  const std::vector<std::size_t> lengths = {10, 200, 9, 198};
  const auto groups = plan_groups(lengths, {.call_overhead = 40});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].length, 200U);
  EXPECT_THAT(groups[0].texts, ElementsAre(1, 3));
  EXPECT_EQ(groups[1].length, 10U);
  EXPECT_THAT(groups[1].texts, ElementsAre(0, 2));
}

TEST(Groups, EveryTextStandsInOneGroupThatHoldsIt) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < 300; ++i) lengths.push_back(1 + i * i % 97);
  const GroupPolicy policy = {.call_overhead = 20, .max_tokens = 500, .max_texts = 16};
  const auto groups = plan_groups(lengths, policy);
  const auto texts = all_texts(groups);
  ASSERT_EQ(texts.size(), lengths.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], i);
  for (const Group& group : groups) {
    EXPECT_LE(group.texts.size(), 16U);
    EXPECT_LE(group.texts.size() * group.length, 500U);
    std::size_t longest = 0;
    for (const std::size_t text : group.texts) longest = std::max(longest, lengths[text]);
    EXPECT_EQ(longest, group.length);
  }
}

TEST(Groups, WithoutPaddingOnlyEqualLengthsGoTogether) {
  const std::vector<std::size_t> lengths = {5, 6, 5, 6, 7};
  const auto groups = plan_groups(lengths, {.padding = false});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_THAT(groups[0].texts, ElementsAre(4));
  EXPECT_THAT(groups[1].texts, UnorderedElementsAre(1, 3));
  EXPECT_THAT(groups[2].texts, UnorderedElementsAre(0, 2));
}

TEST(Groups, ATextLongerThanTheLimitIsAlone) {
  const std::vector<std::size_t> lengths = {900, 900};
  EXPECT_EQ(plan_groups(lengths, {.max_tokens = 500}).size(), 2U);
  EXPECT_EQ(plan_groups(lengths, {.max_texts = 1}).size(), 2U);
}

}  // namespace
}  // namespace bertrt::batch
