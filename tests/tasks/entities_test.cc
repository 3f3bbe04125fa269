#include "tasks/entities.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bertrt::tasks {
namespace {

const std::vector<std::string> kLabels = {"O", "B-PER", "I-PER", "S-LOC", "A-B-C"};

// A token with `score` for one label, the rest shared out.
LabelledToken token(std::string word, std::uint32_t start, std::uint32_t end, std::size_t label, float score,
                    bool continues = false) {
  LabelledToken made{std::move(word), std::vector<float>(kLabels.size(), (1 - score) / 4), start, end, start + 1,
                     continues};
  made.scores[label] = score;
  return made;
}

EntityRules rules(Aggregation aggregation, const std::vector<std::string>& ignore) {
  return {aggregation, kLabels, ignore, [](std::vector<std::string> words) {
            std::string joined;
            for (const std::string& word : words) joined += (joined.empty() ? "" : "+") + word;
            return joined;
          }};
}

std::vector<std::string> labels(const std::vector<Entity>& entities) {
  std::vector<std::string> result;
  for (const Entity& entity : entities) result.push_back(entity.label + ":" + entity.word);
  return result;
}

using Names = std::vector<std::string>;

TEST(Entities, TokensByThemselvesKeepTheirPlace) {
  const Names ignore = {"O"};
  const std::vector<LabelledToken> tokens = {token("jim", 0, 3, 1, 0.9F), token("was", 4, 7, 0, 0.8F)};
  const auto entities = entities_of(tokens, rules(Aggregation::none, ignore));
  ASSERT_EQ(entities.size(), 1U);
  EXPECT_EQ(entities[0].label, "B-PER");
  EXPECT_EQ(entities[0].index, 1U);
  EXPECT_FLOAT_EQ(entities[0].score, 0.9F);
}

TEST(Entities, NeighboursOfOneTagJoinUntilABegins) {
  const Names none;
  const std::vector<LabelledToken> tokens = {token("a", 0, 1, 2, 0.9F), token("b", 1, 2, 2, 0.5F),
                                             token("c", 2, 3, 1, 0.7F), token("d", 3, 4, 2, 0.7F),
                                             token("e", 4, 5, 0, 0.9F), token("f", 5, 6, 0, 0.9F)};
  const auto entities = entities_of(tokens, rules(Aggregation::simple, none));
  EXPECT_EQ(labels(entities), (Names{"PER:a+b", "PER:c+d", "O:e+f"}));
  EXPECT_FLOAT_EQ(entities[0].score, 0.7F);
  EXPECT_EQ(entities[0].start, 0U);
  EXPECT_EQ(entities[0].end, 2U);
  EXPECT_FALSE(entities[0].index);
}

TEST(Entities, OtherPrefixesAreTagsOfTheirOwn) {
  const Names none;
  const std::vector<LabelledToken> tokens = {token("a", 0, 1, 3, 0.9F), token("b", 1, 2, 3, 0.9F),
                                             token("c", 2, 3, 4, 0.9F)};
  EXPECT_EQ(labels(entities_of(tokens, rules(Aggregation::simple, none))), (Names{"LOC:a+b", "B-C:c"}));
}

TEST(Entities, WordsTakeTheirLabelAsTheStrategySays) {
  const Names none;
  std::vector<LabelledToken> tokens = {token("un", 0, 2, 0, 0.5F), token("##x", 2, 3, 1, 0.95F, true),
                                       token("##y", 3, 4, 0, 0.6F, true)};
  EXPECT_EQ(labels(entities_of(tokens, rules(Aggregation::first, none))), (Names{"O:un+##x+##y"}));
  EXPECT_EQ(labels(entities_of(tokens, rules(Aggregation::max, none))), (Names{"PER:un+##x+##y"}));
  const auto mean = entities_of(tokens, rules(Aggregation::average, none));
  EXPECT_EQ(mean[0].label, "PER");  // 0.125, 0.95 and 0.1 against 0.5, 0.0125 and 0.6
  EXPECT_NEAR(mean[0].score, 1.175 / 3, 1e-6);
}

TEST(Entities, WhatIsIgnoredIsTheNameThatComesOut) {
  const std::vector<LabelledToken> tokens = {token("a", 0, 1, 1, 0.9F)};
  const Names token_label = {"B-PER"};
  const Names group_label = {"PER"};
  EXPECT_EQ(entities_of(tokens, rules(Aggregation::none, token_label)).size(), 0U);
  EXPECT_EQ(entities_of(tokens, rules(Aggregation::none, group_label)).size(), 1U);
  EXPECT_EQ(entities_of(tokens, rules(Aggregation::simple, token_label)).size(), 1U);
  EXPECT_EQ(entities_of(tokens, rules(Aggregation::simple, group_label)).size(), 0U);
}

Entity entity(std::uint32_t start, std::uint32_t end, float score) { return {"PER", score, "", start, end}; }

std::size_t width(const Entity& entity) { return entity.end - entity.start; }

TEST(MergeWindows, TheLongerThenTheSurerStays) {
  const auto merged =
      merge_windows({entity(0, 5, 0.5F), entity(10, 12, 0.9F), entity(2, 9, 0.1F), entity(10, 12, 0.95F)}, width);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].end, 9U);
  EXPECT_FLOAT_EQ(merged[1].score, 0.95F);
}

TEST(MergeWindows, NoWidthAtTheFrontComesTwice) {
  EXPECT_EQ(merge_windows({entity(0, 0, 0.5F), entity(1, 2, 0.5F)}, width).size(), 3U);
  EXPECT_TRUE(merge_windows({}, width).empty());
}

}  // namespace
}  // namespace bertrt::tasks
