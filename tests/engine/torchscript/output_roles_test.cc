#include "engine/torchscript/output_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bertrt::engine::torchscript {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kTokens = 14;
constexpr std::int64_t kHidden = 32;

ModelTraits traits() {
  ModelTraits traits;
  traits.hidden_size = kHidden;
  traits.num_layers = 2;
  return traits;
}

SeenOutput seen(std::string name, std::vector<std::int64_t> sizes, std::size_t list = 0, std::size_t place = 0) {
  SeenOutput output;
  output.named = name.find_first_not_of("0123456789.") != std::string::npos;
  output.name = std::move(name);
  output.list = list;
  output.place = place;
  for (const std::int64_t size : sizes) output.token_axes.push_back(size == kTokens);
  output.sizes = std::move(sizes);
  return output;
}

std::vector<OutputRole> roles(const std::vector<OutputInfo>& infos) {
  std::vector<OutputRole> roles;
  for (const OutputInfo& info : infos) roles.push_back(info.role);
  return roles;
}

TEST(OutputRoles, NamesCountWhereTheShapeAgrees) {
  using enum OutputRole;
  const auto infos = roles_of({seen("last_hidden_state", {kTokens, kHidden}), seen("pooler_output", {kHidden}),
                               seen("start_logits", {kTokens}), seen("end_logits", {kTokens, 2})},
                              traits());
  EXPECT_THAT(roles(infos), ElementsAre(hidden_state, pooled_output, start_logits, other));
  EXPECT_EQ(infos[0].evidence, Evidence::by_name);
  EXPECT_EQ(infos[3].evidence, Evidence::none);
  EXPECT_TRUE(infos[3].in_more);
}

TEST(OutputRoles, LogitsAreATokensOrATextsAsTheirShapeSays) {
  using enum OutputRole;
  EXPECT_EQ(roles_of({seen("logits", {kTokens, 5})}, traits())[0].role, token_logits);
  EXPECT_EQ(roles_of({seen("logits", {kTokens})}, traits())[0].role, token_logits);
  EXPECT_EQ(roles_of({seen("logits", {5})}, traits())[0].role, text_logits);
  EXPECT_EQ(roles_of({seen("logits", {})}, traits())[0].role, text_logits);
  EXPECT_EQ(roles_of({seen("logits", {3, 3})}, traits())[0].role, other);
}

TEST(OutputRoles, WithoutANameAHiddenStatesShapeIsAllThatIsBelieved) {
  using enum OutputRole;
  const auto infos = roles_of(
      {seen("0", {kTokens, kHidden}), seen("1", {kHidden}), seen("2", {kTokens, 5}), seen("3", {kTokens})}, traits());
  EXPECT_THAT(roles(infos), ElementsAre(hidden_state, other, other, other));
  EXPECT_EQ(infos[0].evidence, Evidence::by_shape);
}

TEST(OutputRoles, AListOfLayersStandsBeforeTheLastOneAlone) {
  const auto infos = roles_of({seen("0", {kTokens, kHidden}), seen("1.0", {kTokens, kHidden}, 3, 0),
                               seen("1.1", {kTokens, kHidden}, 3, 1), seen("1.2", {kTokens, kHidden}, 3, 2)},
                              traits());
  EXPECT_TRUE(infos[0].in_more);
  EXPECT_EQ(infos[1].role, OutputRole::other) << "the embeddings, which are no layer's output";
  EXPECT_FALSE(infos[2].in_more);
  EXPECT_FALSE(infos[3].in_more);
}

TEST(OutputRoles, ASecondOneOfARoleComesInMore) {
  const auto infos = roles_of({seen("logits", {kTokens, 5}), seen("prediction_logits", {kTokens, 7})}, traits());
  EXPECT_FALSE(infos[0].in_more);
  EXPECT_TRUE(infos[1].in_more);
  EXPECT_EQ(infos[1].role, OutputRole::token_logits);
}

TEST(OutputRoles, WhatIsKnownOfTheCodeWins) {
  ModelTraits known = traits();
  known.outputs = {{"1", OutputRole::pooled_output, Evidence::recognized, {kHidden}},
                   {"0", OutputRole::other, Evidence::none, {-1, kHidden}, true}};
  const auto infos = roles_of({seen("0", {kTokens, kHidden}), seen("1", {kHidden})}, known);
  EXPECT_EQ(infos[0].role, OutputRole::other);
  EXPECT_EQ(infos[1].role, OutputRole::pooled_output);
  EXPECT_EQ(infos[1].evidence, Evidence::recognized);
}

}  // namespace
}  // namespace bertrt::engine::torchscript
