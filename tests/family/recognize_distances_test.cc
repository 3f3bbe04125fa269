#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/recognize.h"
#include "family/tiny_blocks.h"

// Scores that depend on distances: rows that queries and keys are multiplied with, slopes; and what is nearly so. A
// norm of what is added twice.
namespace bertrt::family {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const EncoderSpec& spec_of(const TinyModel& model) { return model.reading().recognition->spec; }

void expect_none(const Changes& changes, const std::string& what) {
  const TinyModel model(changes);
  ASSERT_NE(model.trace().program, nullptr) << what << ": " << model.trace().not_graphable;
  EXPECT_FALSE(model.recognized()) << what;
  EXPECT_NE(model.reading().not_explained, "") << what;
}

// ---- rows
// ------------------------------------------------------------------------------------------------------------

TEST(DistanceRows, AreKnownOfQueries) {
  const TinyModel model(kRows);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const LayerSpec& layer = spec_of(model).layers[0];
  ASSERT_TRUE(layer.distances);
  EXPECT_EQ(layer.distances->table.name, "reach");
  EXPECT_FALSE(layer.distances->by_key);
  EXPECT_FLOAT_EQ(layer.distances->scale, 0.5F);
  EXPECT_FLOAT_EQ(layer.scale, 0.5F);
  EXPECT_FALSE(spec_of(model).layers[1].distances);
}

TEST(DistanceRows, AreKnownOfKeysBesideQueries) {
  const TinyModel model(kByKey);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  ASSERT_TRUE(spec_of(model).layers[0].distances);
  EXPECT_TRUE(spec_of(model).layers[0].distances->by_key);
}

// ALBERT's.
TEST(DistanceRows, MayBeScaledInAnotherWay) {
  const TinyModel model(kRows + Changes{{"s0 = torch.add(torch.matmul(q1h, torch.transpose(k1h, -1, -2)), sq)",
                                         "s0 = torch.matmul(q1h, torch.transpose(k1h, -1, -2))"},
                                        {"s1 = torch.div(s0, 2.)", "s1 = torch.add(torch.div(s0, 2.), sq)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_FLOAT_EQ(spec_of(model).layers[0].distances->scale, 1.0F);
  EXPECT_FLOAT_EQ(spec_of(model).layers[0].scale, 0.5F);
}

TEST(DistanceRows, EndTexts) {
  const TinyModel model(kRows + Changes{{"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_EQ(spec_of(model).max_length, 40U);
}

TEST(DistanceRows, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) { expect_none(kRows + Changes{change}, change.to); };
  none({"torch.view(r, [-1, 1]), torch.view(r, [1, -1])", "torch.view(r, [1, -1]), torch.view(r, [-1, 1])"});
  none({"), 40), 1)", "), 40), 2)"});
  none({"e = torch.embedding(reach, d)", "e = torch.embedding(reach, torch.clamp(d, 20, 58))"});
  none({"e = torch.embedding(reach, d)", "e = torch.mul(torch.embedding(reach, d), 2.)"});
  none({"\"bhld,lrd->bhlr\"", "\"bhld,rld->bhlr\""});
  none({"\"bhld,lrd->bhlr\"", "\"bhrd,lrd->bhlr\""});
  none({"[q1h, e]", "[k1h, e]"});
  none({"[q1h, e]", "[v1h, e]"});
  none({"torch.transpose(k1h, -1, -2)), sq)", "torch.transpose(k1h, -1, -2)), sq, alpha=2)"});
  none({"torch.transpose(k1h, -1, -2)), sq)", "torch.transpose(k1h, -1, -2)), torch.tanh(sq))"});
  const auto none_by_key = [](const Change& change) { expect_none(kByKey + Changes{change}, "key: " + change.to); };
  none_by_key({"torch.add(s0, sk)", "torch.add(s0, torch.mul(sk, 2.))"});
  none_by_key({"[k1h, e]", "[k1h, torch.embedding(reach2, d)]"});
  none_by_key({"torch.add(s0, sk)", "torch.add(torch.add(s0, sk), sk)"});
  none_by_key({"torch.transpose(k1h, -1, -2)), sq)", "torch.transpose(k1h, -1, -2)), torch.mul(sq, 0.))"});
}

// ---- slopes
// ----------------------------------------------------------------------------------------------------------

TEST(Slopes, AreKnownBesideMasks) {
  const TinyModel model(kSlopes);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_THAT(spec_of(model).slopes, ElementsAre(0.5F, 0.25F));
  EXPECT_EQ(spec_of(model).mask, MaskKind::keys);
  EXPECT_THAT(spec_of(TinyModel()).slopes, IsEmpty());
}

TEST(Slopes, MayBeATermOfTheirOwnAndTheSameForAllHeads) {
  const TinyModel model(kSlopes +
                        Changes{{"torch.mul(sl, torch.to(apart, 6))", "torch.mul(torch.to(apart, 6), -0.125)"},
                                {"torch.add(s1, torch.add(lost, mask))", "torch.add(torch.add(s1, lost), mask)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_THAT(spec_of(model).slopes, ElementsAre(0.125F, 0.125F));
}

TEST(Slopes, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) { expect_none(kSlopes + Changes{change}, change.to); };
  const std::string apart = "torch.abs(torch.sub(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1)))";
  none({"6), -0.25)", "6), 0.25)"});
  none({"torch.unsqueeze(torch.mul(sl, torch.to(apart, 6)), 0)",
        "torch.unsqueeze(torch.mul(torch.mul(sl, torch.to(apart, 6)), torch.to(apart, 6)), 0)"});
  none({apart, "torch.relu(torch.sub(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1)))"});
  none({apart, "torch.add(" + apart + ", 1)"});
  none({apart, "torch.clamp(" + apart + ", None, 20)"});
  none({apart, "torch.add(torch.unsqueeze(r, 0), torch.mul(torch.unsqueeze(r, 1), 0))"});
  none({"k2h, v2h, torch.add(mask, lost),", "k2h, v2h, mask,"});
  none({"k2h, v2h, torch.add(mask, lost),", "k2h, v2h, torch.add(mask, torch.mul(lost, 0.5)),"});
  none({"torch.add(s1, torch.add(lost, mask))", "torch.add(torch.add(s1, torch.add(lost, mask)), lost)"});
}

// ---- added twice
// -----------------------------------------------------------------------------------------------------

TEST(AddedTwice, IsTheSecondNorm) {
  const TinyModel model(Changes{kTwice});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  ASSERT_TRUE(spec_of(model).layers[0].second_norm);
  EXPECT_EQ(spec_of(model).layers[0].second_norm->gamma.name, "g0");
  EXPECT_EQ(spec_of(model).layers[0].attention_norm->gamma.name, "ga1");
  EXPECT_FALSE(spec_of(model).layers[1].second_norm);
}

TEST(AddedTwice, WhatIsNearlySoIsNot) {
  const auto none = [](const std::string& sum) { expect_none(Changes{kTwice, {"torch.add(h0, a0)", sum}}, sum); };
  none("torch.add(x3, a0)");
  none("torch.add(a0, a0)");
  none("torch.add(o1, a0)");
  none("torch.add(h0, a0, alpha=2)");
  none("torch.sub(h0, a0)");
  none("torch.add(torch.add(h0, a0), h0)");
}

}  // namespace
}  // namespace bertrt::family
