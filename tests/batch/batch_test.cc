#include "batch/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"

namespace bertrt::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Encoding ids(std::vector<std::int32_t> values) {
  Encoding encoding;
  encoding.input_ids = std::move(values);
  return encoding;
}

Error error_of(const Encoding& second, const BatchLimits& limits = {}) {
  const std::vector<Encoding> batch = {ids({1, 2, 3}), second};
  return thrown_by([&] { make_batch(batch, limits); });
}

TEST(Batch, JoinsTextsWithoutPadding) {
  Encoding padded = ids({4, 5, 0, 0});
  padded.attention_mask = {1, 1, 0, 0};
  padded.token_type_ids = {0, 1, 0, 0};
  const std::vector<Encoding> encodings = {ids({1, 2, 3}), padded};
  const Batch batch = make_batch(encodings, {});
  EXPECT_THAT(*batch.row_offsets, ElementsAre(0, 3, 5));
  EXPECT_THAT(batch.input_ids, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(batch.token_type_ids, ElementsAre(0, 0, 0, 0, 1));
  EXPECT_THAT(batch.attention_mask, IsEmpty());
  EXPECT_EQ(batch.length(1), 2U);
}

TEST(Batch, KeepsAHoleInTheMask) {
  Encoding hole = ids({4, 5, 6, 0});
  hole.attention_mask = {1, 0, 1, 0};
  const std::vector<Encoding> encodings = {ids({1}), hole};
  const Batch batch = make_batch(encodings, {});
  EXPECT_THAT(batch.attention_mask, ElementsAre(1, 1, 0, 1));
  EXPECT_EQ(batch.length(1), 3U);
}

TEST(Batch, CutsFurtherInputsWithTheText) {
  Encoding text = ids({4, 5, 0});
  text.attention_mask = {1, 1, 0};
  text.position_ids = {7, 8, 9};
  text.extra_inputs = {{"bbox", 2, {1, 2, 3, 4, 5, 6}}};
  const Batch batch = make_batch({&text, 1}, {});
  EXPECT_THAT(batch.position_ids, ElementsAre(7, 8));
  EXPECT_THAT(batch.extra_inputs.front().values, ElementsAre(1, 2, 3, 4));
}

TEST(Batch, SaysWhichTextAndIndexIsWrong) {
  const Error high = error_of(ids({1, 99}), {.vocab_size = 99});
  EXPECT_EQ(high.code(), ErrorCode::invalid_argument);
  EXPECT_STREQ(high.what(), "text 1, input_ids[1]: expected a value from 0 to 98, found 99");
  EXPECT_THAT(error_of(ids({1, -3})).what(),
              HasSubstr("text 1, input_ids[1]: expected a value of 0 or more, found -3"));
  Encoding types = ids({1, 2});
  types.token_type_ids = {0, 2};
  EXPECT_THAT(error_of(types, {.type_vocab_size = 2}).what(), HasSubstr("text 1, token_type_ids[1]"));
  Encoding mask = ids({1, 2});
  mask.attention_mask = {1, 2};
  EXPECT_THAT(error_of(mask).what(), HasSubstr("text 1, attention_mask[1]: expected a value from 0 to 1, found 2"));
}

TEST(Batch, RefusesEmptiness) {
  EXPECT_THAT(thrown_by([] { make_batch(std::span<const Encoding>(), {}); }).what(), HasSubstr("an empty batch"));
  EXPECT_THAT(error_of(ids({})).what(), HasSubstr("text 1, input_ids: expected at least one token, found none"));
  Encoding padding = ids({0, 0});
  padding.attention_mask = {0, 0};
  EXPECT_THAT(error_of(padding).what(), HasSubstr("zeros alone"));
}

TEST(Batch, RefusesVectorsOfOtherLengths) {
  Encoding types = ids({1, 2});
  types.token_type_ids = {0};
  EXPECT_THAT(error_of(types).what(), HasSubstr("text 1, token_type_ids: expected as many values as input_ids (2)"));
  Encoding mask = ids({1, 2});
  mask.attention_mask = {1, 1, 1};
  EXPECT_THAT(error_of(mask).what(), HasSubstr("attention_mask"));
  Encoding positions = ids({1, 2});
  positions.position_ids = {1};
  EXPECT_THAT(error_of(positions).what(), HasSubstr("position_ids"));
  Encoding extra = ids({1, 2});
  extra.extra_inputs = {{"bbox", 4, {1, 2, 3}}};
  EXPECT_THAT(error_of(extra).what(), HasSubstr("extra input bbox: expected 8 integers or as many floats"));
}

TEST(Batch, RefusesWhatOnlySomeTextsHave) {
  Encoding positions = ids({1, 2});
  positions.position_ids = {0, 1};
  EXPECT_THAT(error_of(positions).what(), HasSubstr("text 1, position_ids"));
  Encoding extra = ids({1, 2});
  extra.extra_inputs = {{"bbox", 1, {1, 2}}};
  EXPECT_THAT(error_of(extra).what(), HasSubstr("text 1, extra_inputs"));
}

TEST(Batch, SaysWhyAnIdIsBeyondTheModels) {
  const BatchLimits limits = {.vocab_size = 3, .vocab_size_why = "3 rows, 4 tokens"};
  EXPECT_THAT(error_of(ids({1, 3}), limits).what(),
              HasSubstr("expected a value from 0 to 2 (3 rows, 4 tokens), found 3"));
  EXPECT_THAT(error_of(ids({1, 3}), {.vocab_size = 3}).what(), HasSubstr("a value from 0 to 2, found 3"));
}

TEST(Batch, RefusesALongTextButNotItsPadding) {
  const BatchLimits limits = {.max_length = 3, .max_length_why = "the model's own"};
  const Error error = error_of(ids({1, 2, 3, 4}), limits);
  EXPECT_EQ(error.code(), ErrorCode::input_too_long);
  EXPECT_THAT(error.what(), HasSubstr("text 1, input_ids: expected at most 3 tokens (the model's own"));
  Encoding padded = ids({1, 2, 3, 0});
  padded.attention_mask = {1, 1, 1, 0};
  EXPECT_EQ(make_batch({&padded, 1}, limits).total_tokens(), 3U);
}

}  // namespace
}  // namespace bertrt::batch
