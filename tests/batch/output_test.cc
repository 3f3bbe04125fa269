#include "bertrt/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;

TokenRows two_texts() {
  auto offsets = std::make_shared<const std::vector<std::size_t>>(std::vector<std::size_t>{0, 1, 3});
  return {offsets, 2, {1, 2, 3, 4, 5, 6}};
}

TEST(TokenRows, GivesViewsByTextAndToken) {
  const TokenRows rows = two_texts();
  EXPECT_EQ(rows.batch_size(), 2U);
  EXPECT_EQ(rows.total_tokens(), 3U);
  EXPECT_EQ(rows.sequence(1), 2U);
  EXPECT_THAT(rows.text(1), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(rows.row(1, 1), ElementsAre(5, 6));
}

TEST(TokenRows, PadsOnlyWhenAsked) {
  const PaddedTensor padded = two_texts().padded(-1);
  EXPECT_EQ(padded.batch, 2U);
  EXPECT_EQ(padded.sequence, 2U);
  EXPECT_EQ(padded.width, 2U);
  EXPECT_THAT(padded.data, ElementsAre(1, 2, -1, -1, 3, 4, 5, 6));
}

TEST(TokenRows, ChecksIndexes) {
  const TokenRows rows = two_texts();
  EXPECT_EQ(thrown_by([&] { rows.text(2); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { rows.row(0, 1); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([] { TokenRows().sequence(0); }).code(), ErrorCode::invalid_argument);
  EXPECT_TRUE(TokenRows().row_offsets().empty());
}

TEST(TokenRows, RefusesRowsThatAreNotThere) {
  const auto code = [](std::vector<std::size_t> offsets, std::size_t width, std::size_t values) {
    return thrown_by([&] {
             TokenRows(std::make_shared<const std::vector<std::size_t>>(std::move(offsets)), width,
                       std::vector<float>(values));
           })
        .code();
  };
  EXPECT_EQ(code({}, 2, 0), ErrorCode::invalid_argument);
  EXPECT_EQ(code({1, 3}, 2, 6), ErrorCode::invalid_argument);
  EXPECT_EQ(code({0, 3, 2}, 2, 4), ErrorCode::invalid_argument);
  EXPECT_EQ(code({0, 1, 3}, 2, 5), ErrorCode::invalid_argument);
  EXPECT_EQ(code({0, 1, 3}, 2, 8), ErrorCode::invalid_argument);
  EXPECT_EQ(code({0, std::size_t{1} << 63U}, 2, 0), ErrorCode::invalid_argument);
  EXPECT_EQ(code({0, 1}, 0, 1), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([] { TokenRows(nullptr, 1, {}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(TokenRows(std::make_shared<const std::vector<std::size_t>>(1), 4, {}).batch_size(), 0U);
}

TEST(TokenRows, CanBeTakenWithoutACopy) {
  TokenRows rows = two_texts();
  const float* data = rows.data().data();
  const std::vector<float> taken = std::move(rows).take();
  EXPECT_EQ(taken.data(), data);
  EXPECT_EQ(rows.batch_size(), 0U);
  EXPECT_EQ(rows.width(), 0U);
}

TEST(OutputRole, EveryNameReadsBack) {
  for (int i = 0; i <= static_cast<int>(OutputRole::other); ++i) {
    const auto role = static_cast<OutputRole>(i);
    EXPECT_EQ(parse<OutputRole>(to_string(role)), role);
  }
  for (const Evidence evidence : {Evidence::none, Evidence::by_shape, Evidence::by_name, Evidence::recognized}) {
    EXPECT_EQ(parse<Evidence>(to_string(evidence)), evidence);
  }
  EXPECT_EQ(parse<OutputRole>("logits"), std::nullopt);
}

TEST(EncoderOutput, SaysThatThereAreNoHiddenStates) {
  EXPECT_EQ(thrown_by([] { EncoderOutput().last_hidden_state(); }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace bertrt
