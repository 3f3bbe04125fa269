#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/recognize.h"
#include "family/tiny_blocks.h"

// Words that are scaled, tokens that are dropped, hidden tokens that start as zeros; and what is nearly so.
namespace bertrt::family {
namespace {

using namespace test;

const Embeddings& embeddings_of(const TinyModel& model) { return model.reading().recognition->spec.embeddings; }

void expect_none(const Changes& changes, const std::string& what) {
  const TinyModel model(changes);
  ASSERT_NE(model.trace().program, nullptr) << what << ": " << model.trace().not_graphable;
  EXPECT_FALSE(model.recognized()) << what;
  EXPECT_NE(model.reading().not_explained, "") << what;
}

TEST(Words, MayBeScaled) {
  const TinyModel model({{kWords, "x0 = torch.mul(torch.embedding(words, input_ids, 0), 2.5)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_FLOAT_EQ(embeddings_of(model).scale, 2.5F);
  EXPECT_FALSE(embeddings_of(model).dropped);
}

TEST(Words, AreScaledAlone) {
  expect_none(
      {{"x1 = torch.embedding(types, token_type_ids)", "x1 = torch.mul(torch.embedding(types, token_type_ids), 2.)"}},
      "types");
  expect_none({{"x3 = torch.add(torch.add(x0, x1), x2)", "x3 = torch.mul(torch.add(torch.add(x0, x1), x2), 2.)"}},
              "all");
  expect_none({{kWords, "x0 = torch.mul(torch.embedding(words, input_ids, 0), torch.unsqueeze(input_ids, -1))"}},
              "by ids");
}

// ---- dropped tokens
// --------------------------------------------------------------------------------------------------

TEST(DroppedToken, IsKnownByWhatItIsComparedWith) {
  const TinyModel model(kDropped);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  ASSERT_TRUE(embeddings_of(model).dropped);
  EXPECT_EQ(embeddings_of(model).dropped->id, 5);
  EXPECT_FLOAT_EQ(embeddings_of(model).dropped->kept, 0.75F);
  EXPECT_FLOAT_EQ(embeddings_of(model).scale, 1.0F);
}

TEST(DroppedToken, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) { expect_none(kDropped + Changes{change}, change.to); };
  none({"count = torch.to(torch.sum(is5", "count = torch.to(torch.sum(torch.eq(input_ids, 6)"});
  none({"is5 = torch.eq(input_ids, 5)", "is5 = torch.le(input_ids, 5)"});
  none({"is5 = torch.eq(input_ids, 5)", "is5 = torch.eq(token_type_ids, 5)"});
  none({"torch.unsqueeze(is5, -1), 0.)", "torch.unsqueeze(is5, -1), 1.)"});
  none({"torch.unsqueeze(is5, -1), 0.)", "torch.unsqueeze(torch.flip(is5, [1]), -1), 0.)"});
  none({"torch.masked_fill(torch.embedding(words, input_ids, 0), torch.unsqueeze(is5, -1), 0.)",
        "torch.embedding(words, input_ids, 0)"});
  none({"torch.div(torch.mul(kept, 0.75), others)", "torch.mul(kept, 0.75)"});
  none({"torch.div(torch.mul(kept, 0.75), others)", "torch.div(torch.div(torch.mul(kept, 0.75), others), others)"});
  none({"torch.div(torch.mul(kept, 0.75), others)", "torch.mul(torch.mul(kept, 0.75), others)"});
  none({"torch.rsub(torch.div(count, all), 1)", "torch.rsub(torch.div(count, all), 2)"});
  none({"torch.rsub(torch.div(count, all), 1)", "torch.rsub(torch.div(count, all), 1, 2)"});
  none({"torch.rsub(torch.div(count, all), 1)", "torch.add(torch.div(count, all), 1)"});
  none({"all = torch.sum(attention_mask, [-1])", "all = torch.sum(token_type_ids, [-1])"});
  // Attention does not see what its mask hides; the share counts all the same.
  none({"all = torch.sum(attention_mask, [-1])", "all = t"});
}

// ---- hidden tokens that start as zeros
// -------------------------------------------------------------------------------

TEST(HiddenTokens, MayStartAsZeros) {
  for (const std::string by :
       {"torch.unsqueeze(attention_mask, -1)", "torch.to(torch.unsqueeze(attention_mask, 2), 6)"}) {
    const TinyModel model(zeroed(by));
    ASSERT_TRUE(model.recognized()) << by << ": " << model.reading().not_explained;
    EXPECT_TRUE(embeddings_of(model).zero_masked) << by;
    EXPECT_EQ(model.reading().recognition->spec.mask, MaskKind::keys);
  }
  EXPECT_FALSE(embeddings_of(TinyModel()).zero_masked);
}

TEST(HiddenTokens, WhatIsNearlySoIsNot) {
  for (const std::string by :
       {"torch.unsqueeze(token_type_ids, -1)", "torch.unsqueeze(torch.rsub(attention_mask, 1), -1)",
        "torch.unsqueeze(torch.roll(attention_mask, [1], [1]), -1)",
        "torch.unsqueeze(torch.mul(attention_mask, 2), -1)", "torch.unsqueeze(torch.ne(input_ids, 3), -1)"}) {
    expect_none(zeroed(by), by);
  }
  // As zeros, and seen by attention.
  expect_none(zeroed("torch.unsqueeze(attention_mask, -1)") +
                  Changes{{"s1m = torch.add(s1, mask)", "s1m = s1"}, {"k2h, v2h, mask,", "k2h, v2h, None,"}},
              "seen");
}

}  // namespace
}  // namespace bertrt::family
