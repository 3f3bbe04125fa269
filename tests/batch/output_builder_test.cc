#include "batch/output_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"

namespace bertrt::batch {
namespace {

using ::testing::ElementsAre;

// Texts of 2 and 1 tokens.
Batch two_texts() {
  std::vector<Encoding> texts(2);
  texts[0].input_ids = {1, 2};
  texts[1].input_ids = {3};
  return make_batch(texts, {});
}

std::vector<OutputInfo> outputs() {
  const auto info = [](const char* name, OutputRole role, bool in_more = false) {
    return OutputInfo{name, role, Evidence::by_name, {}, in_more};
  };
  return {info("layers.0", OutputRole::hidden_state), info("layers.1", OutputRole::hidden_state),
          info("pooled", OutputRole::pooled_output), info("logits", OutputRole::token_logits),
          info("attention", OutputRole::other, true)};
}

void add_all(OutputBuilder& builder) {
  const std::vector<std::size_t> two = {2, 1};
  const std::vector<std::size_t> one = {1, 1};
  const std::vector<std::size_t> width = {1};
  for (const std::size_t layer : {0U, 1U}) {
    const auto base = static_cast<float>(10 * layer);
    if (!builder.wants(layer)) continue;
    builder.add(layer, 1, one, std::vector<float>{base + 3});  // in any order
    builder.add(layer, 0, two, std::vector<float>{base + 1, base + 2});
  }
  for (const std::size_t text : {0U, 1U}) {
    const auto value = static_cast<float>(text);
    if (builder.wants(2)) builder.add(2, text, width, std::vector<float>{value + 5});
    if (builder.wants(4)) builder.add(4, text, {}, std::vector<float>{value + 7});
  }
  if (builder.wants(3)) {
    builder.add(3, 0, two, std::vector<float>{21, 22});
    builder.add(3, 1, one, std::vector<float>{23});
  }
}

TEST(OutputBuilder, GivesWhatIsWantedInTheCallersOrder) {
  const Batch batch = two_texts();
  const auto infos = outputs();
  const RunRequest usual;
  OutputBuilder builder(batch, usual, infos);
  add_all(builder);
  const EncoderOutput output = std::move(builder).finish();
  ASSERT_EQ(output.all_encoder_layers.size(), 1U);
  EXPECT_THAT(output.last_hidden_state().data(), ElementsAre(11, 12, 13));
  EXPECT_THAT(output.pooled_output->data, ElementsAre(5, 6));
  EXPECT_FALSE(output.token_logits.has_value());
  EXPECT_TRUE(output.more.empty());
}

TEST(OutputBuilder, GivesEverything) {
  const Batch batch = two_texts();
  const auto infos = outputs();
  const RunRequest request = RunRequest::everything();
  OutputBuilder builder(batch, request, infos);
  add_all(builder);
  const EncoderOutput output = std::move(builder).finish();
  ASSERT_EQ(output.all_encoder_layers.size(), 2U);
  EXPECT_THAT(output.all_encoder_layers[0].data(), ElementsAre(1, 2, 3));
  EXPECT_THAT(output.token_logits->data(), ElementsAre(21, 22, 23));
  ASSERT_EQ(output.more.size(), 1U);
  EXPECT_EQ(output.more[0].name, "attention");
  EXPECT_TRUE(output.more[0].texts[1].shape.empty());
  EXPECT_THAT(output.more[0].texts[1].data, ElementsAre(8));
}

TEST(OutputBuilder, LogitsOfWantedTokensStandInTheOrderTheyWereNamedIn) {
  const Batch batch = two_texts();
  const auto infos = outputs();
  RunRequest request{.logits = true};
  request.logit_tokens = {{1, 0}, {0, 1}, {0, 0}, {0, 1}};
  OutputBuilder builder(batch, request, infos);
  add_all(builder);
  const EncoderOutput output = std::move(builder).finish();
  EXPECT_THAT(output.token_logits->text(0), ElementsAre(22, 21, 22));
  EXPECT_THAT(output.token_logits->text(1), ElementsAre(23));
  request.logit_tokens = {{0, 2}};
  EXPECT_EQ(thrown_by([&] { OutputBuilder(batch, request, infos); }).code(), ErrorCode::invalid_argument);
}

TEST(OutputBuilder, RefusesShapesThatARoleCannotHave) {
  const Batch batch = two_texts();
  const auto infos = outputs();
  const RunRequest request = RunRequest::everything();
  const auto code = [&](std::size_t output, std::vector<std::size_t> shape, std::vector<float> data) {
    OutputBuilder builder(batch, request, infos);
    return thrown_by([&] { builder.add(output, 0, shape, data); }).code();
  };
  EXPECT_EQ(code(0, {3, 1}, {1, 2, 3}), ErrorCode::runtime);  // three tokens, and the text has two
  EXPECT_EQ(code(0, {2, 1}, {1}), ErrorCode::runtime);        // fewer values than the shape says
  EXPECT_EQ(code(2, {1, 2}, {1, 2}), ErrorCode::runtime);     // a row each
  OutputBuilder builder(batch, request, infos);
  builder.add(2, 0, std::vector<std::size_t>{1}, std::vector<float>{1});
  EXPECT_EQ(thrown_by([&] {
              builder.add(2, 1, std::vector<std::size_t>{2}, std::vector<float>{1, 2});
            }).code(),
            ErrorCode::runtime);  // another width
}

}  // namespace
}  // namespace bertrt::batch
