#include "family/named_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/tiny_model.h"

namespace bertrt::family {
namespace {

using enum OutputRole;
using test::TinyModel;
using ::testing::ElementsAre;

// No encoder of the family: its layers' states are scaled, so that no norm is what an output is.
const std::vector<test::Change> kOther = {{"s1 = torch.div(", "s1 = torch.cumsum(torch.div("},
                                          {", 2.)\n", ", 2.), 2)\n"}};
const std::string kGiven = "((torch.mul(h1, 2.), torch.mul(h2, 3.)), torch.sin(pooled), torch.sin(h2))";

std::vector<OutputPlan> named(const TinyModel& model, const std::vector<OutputRole>& roles) {
  std::vector<OutputPlan> plans = model.reading().outputs;
  name_outputs(roles, *model.trace().lengths, 5, plans);
  return plans;
}

std::vector<OutputRole> roles_of(const std::vector<OutputPlan>& plans) {
  std::vector<OutputRole> roles;
  for (const OutputPlan& plan : plans) roles.push_back(plan.role);
  return roles;
}

TEST(NamedOutputs, HaveTheRolesThatTheFileSays) {
  const TinyModel model(kOther, kGiven);
  ASSERT_FALSE(model.recognized());
  ASSERT_THAT(model.roles(), ElementsAre(other, other, other, other)) << model.trace().not_graphable;
  const auto plans = named(model, {hidden_state, pooled_output, token_logits});
  EXPECT_THAT(roles_of(plans), ElementsAre(hidden_state, hidden_state, pooled_output, token_logits));
  for (const OutputPlan& plan : plans) EXPECT_EQ(plan.evidence, Evidence::by_name) << plan.name;
  EXPECT_LT(plans[0].order, plans[1].order);
}

TEST(NamedOutputs, ANameThatTheShapeContradictsSaysNothing) {
  const TinyModel model(kOther, kGiven);
  EXPECT_THAT(roles_of(named(model, {pooled_output, hidden_state, start_logits})),
              ElementsAre(other, other, other, other));
  EXPECT_THAT(roles_of(named(model, {hidden_state})), ElementsAre(hidden_state, hidden_state, other, other));
  EXPECT_THAT(roles_of(named(model, {})), ElementsAre(other, other, other, other));
}

TEST(NamedOutputs, WhatWasReadStays) {
  const TinyModel model({}, "(h2, pooled)");
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const auto plans = named(model, {token_logits, text_logits});
  EXPECT_THAT(roles_of(plans), ElementsAre(hidden_state, pooled_output));
  EXPECT_EQ(plans[0].evidence, Evidence::recognized);
}

}  // namespace
}  // namespace bertrt::family
