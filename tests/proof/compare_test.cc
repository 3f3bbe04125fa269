#include "proof/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace bertrt::proof {
namespace {

using ::testing::HasSubstr;

// A model that gives all there is, for texts of 2 and 1 tokens.
struct Given {
  EncoderOutput values;
  std::vector<OutputInfo> infos = {
      {"layer 1", OutputRole::hidden_state, Evidence::recognized, {-1, 2}, false},
      {"layer 2", OutputRole::hidden_state, Evidence::recognized, {-1, 2}, false},
      {"pooler", OutputRole::pooled_output, Evidence::recognized, {2}, false},
      {"tokens", OutputRole::token_logits, Evidence::recognized, {-1, 2}, false},
      {"texts", OutputRole::text_logits, Evidence::recognized, {2}, false},
      {"start", OutputRole::start_logits, Evidence::recognized, {-1}, false},
      {"end", OutputRole::end_logits, Evidence::recognized, {-1}, false},
      {"first", OutputRole::other, Evidence::none, {2}, true},
      {"second", OutputRole::other, Evidence::none, {2}, true},
  };

  Given() {
    const auto offsets = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 2, 3});
    values.all_encoder_layers.emplace_back(offsets, 2, std::vector<float>{1, 2, 3, 4, 5, 6});
    values.all_encoder_layers.emplace_back(offsets, 2, std::vector<float>{7, 8, 9, 10, 11, 12});
    values.pooled_output = Matrix{2, 2, {1, 2, 3, 4}};
    values.token_logits = TokenRows(offsets, 2, {1, 2, 3, 4, 5, 6});
    values.text_logits = Matrix{2, 2, {5, 6, 7, 8}};
    values.start_logits = TokenRows(offsets, 1, {1, 2, 3});
    values.end_logits = TokenRows(offsets, 1, {4, 5, 6});
    for (const float at : {20.0F, 30.0F}) {
      ModelOutput more;
      more.texts = {{{2}, {at, at + 1}}, {{2}, {at + 2, at + 3}}};
      values.more.push_back(std::move(more));
    }
  }
};

Comparison compared(const std::function<void(Given&)>& change) {
  const Given expected;
  Given found;
  change(found);
  return compare({expected.values, expected.infos}, {found.values, found.infos}, DType::fp32);
}

TEST(Compare, EqualOutputsAgreeAndAllValuesCount) {
  const Comparison same = compared([](Given&) {});
  EXPECT_EQ(same.objection, std::nullopt);
  EXPECT_TRUE(same.differ.empty());
  EXPECT_EQ(same.values, 6U + 6U + 4U + 6U + 4U + 3U + 3U + 4U + 4U);
}

// One value of each output, in the last text's last place.
TEST(Compare, AChangedValueOfAnyOutputIsAnObjection) {
  const auto offsets = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 2, 3});
  const std::pair<const char*, std::function<void(Given&)>> changes[] = {
      {"layer 1",
       [&](Given& given) {
         given.values.all_encoder_layers[0] = TokenRows(offsets, 2, {1, 2, 3, 4, 5, 6.5F});
       }},
      {"layer 2",
       [&](Given& given) {
         given.values.all_encoder_layers[1] = TokenRows(offsets, 2, {7, 8, 9, 10, 11, 13});
       }},
      {"pooler", [](Given& given) { given.values.pooled_output->data[3] = 5; }},
      {"tokens",
       [&](Given& given) {
         given.values.token_logits = TokenRows(offsets, 2, {1, 2, 3, 4, 5, 7});
       }},
      {"texts", [](Given& given) { given.values.text_logits->data[3] = 9; }},
      {"start",
       [&](Given& given) {
         given.values.start_logits = TokenRows(offsets, 1, {1, 2, 4});
       }},
      {"end",
       [&](Given& given) {
         given.values.end_logits = TokenRows(offsets, 1, {4, 5, 7});
       }},
      {"first", [](Given& given) { given.values.more[0].texts[1].data[1] = 0; }},
      {"second", [](Given& given) { given.values.more[1].texts[1].data[1] = 0; }},
  };
  for (const auto& [name, change] : changes) {
    const Comparison found = compared(change);
    ASSERT_TRUE(found.objection) << name;
    EXPECT_THAT(*found.objection, HasSubstr(name));
    EXPECT_EQ(found.differ.size(), 1U);
  }
}

TEST(Compare, AnOutputThatIsNotGivenIsAnObjection) {
  for (std::size_t i = 0; i < Given().infos.size(); ++i) {
    const Comparison found =
        compared([&](Given& given) { given.infos.erase(given.infos.begin() + static_cast<std::ptrdiff_t>(i)); });
    EXPECT_TRUE(found.objection) << i;
  }
  const std::function<void(Given&)> not_computed[] = {[](Given& given) { given.values.all_encoder_layers.pop_back(); },
                                                      [](Given& given) { given.values.pooled_output.reset(); },
                                                      [](Given& given) { given.values.token_logits.reset(); },
                                                      [](Given& given) { given.values.text_logits.reset(); },
                                                      [](Given& given) { given.values.start_logits.reset(); },
                                                      [](Given& given) { given.values.end_logits.reset(); },
                                                      [](Given& given) { given.values.more.pop_back(); }};
  for (const auto& change : not_computed) EXPECT_TRUE(compared(change).objection);
}

TEST(Compare, AnotherRoleOrNameIsAnObjection) {
  EXPECT_TRUE(compared([](Given& given) { given.infos[4].role = OutputRole::pooled_output; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.infos[2].name = "other"; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.infos[7].in_more = false; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.infos[7].role = OutputRole::token_logits; }).objection);
}

TEST(Compare, AnotherShapeIsAnObjectionEvenWhereTheValuesAreTheSame) {
  EXPECT_TRUE(compared([](Given& given) { given.values.more[0].texts[0].shape = {2, 1}; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.values.more[0].texts[0].shape = {1, 2}; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.values.pooled_output = Matrix{4, 1, {1, 2, 3, 4}}; }).objection);
  EXPECT_TRUE(compared([](Given& given) { given.values.more[0].texts.pop_back(); }).objection);
}

TEST(Compare, LayersInAnotherOrderAreAnObjection) {
  EXPECT_TRUE(compared([](Given& given) {
                std::swap(given.values.all_encoder_layers[0], given.values.all_encoder_layers[1]);
              }).objection);
}

TEST(Compare, NothingExpectedIsAnObjection) {
  const Given found;
  const EncoderOutput empty;
  EXPECT_TRUE(compare({empty, {}}, {found.values, found.infos}, DType::fp32).objection);
}

TEST(Compare, AnOutputWithoutValuesIsAnObjection) {
  Given expected;
  expected.values.more[0].texts = {{{0}, {}}, {{0}, {}}};
  EXPECT_TRUE(compare({expected.values, expected.infos}, {expected.values, expected.infos}, DType::fp32).objection);
}

}  // namespace
}  // namespace bertrt::proof
