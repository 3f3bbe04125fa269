#include "family/recognize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/tiny_model.h"

// A small BERT, and what must not be taken for one: each changes a line or two of its code.
namespace bertrt::family {
namespace {

using test::Change;
using test::TinyModel;
using ::testing::ElementsAre;
using enum OutputRole;

struct Variant {
  std::string name;
  std::vector<Change> changes;
  std::string why = "";  ///< a part of what must be said of it; empty: anything
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
std::string name_of(const ::testing::TestParamInfo<Variant>& info) { return info.param.name; }

// ---- what is the same encoder, written in another way, or another one that the spec can say
// --------------------------

class Known : public ::testing::TestWithParam<Variant> {};

TEST_P(Known, IsRecognized) {
  const TinyModel model(GetParam().changes);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained << model.trace().not_graphable;
  EXPECT_EQ(model.reading().recognition->spec.layers.size(), 2U);
  EXPECT_THAT(model.roles(), ElementsAre(hidden_state, pooled_output));
}

const std::string kTriangle =
    "tri = torch.unsqueeze(torch.unsqueeze(torch.triu(torch.full([t, t], -10000., dtype=6), 1), 0), 0)\n";

INSTANTIATE_TEST_SUITE_P(
    Recognize, Known,
    ::testing::Values(
        Variant{"Plain", {}},
        Variant{"GeluByTanh",
                {{"torch.gelu(torch.linear(a1, wi1, bi1))",
                  "torch.gelu(torch.linear(a1, wi1, bi1), approximate=\"tanh\")"}}},
        Variant{"Relu", {{"torch.gelu(torch.linear(a2", "torch.relu(torch.linear(a2"}}},
        Variant{"GeluWrittenOut",
                {{"f1 = torch.gelu(torch.linear(a1, wi1, bi1))",
                  "i1 = torch.linear(a1, wi1, bi1)\ne1 = torch.add(torch.erf(torch.div(i1, 1.4142135623730951)), 1.)\n"
                  "f1 = torch.mul(torch.mul(i1, 0.5), e1)"}}},
        Variant{"QueriesScaled",
                {{"q1h = torch.permute(torch.view(q1,", "q1h = torch.permute(torch.view(torch.mul(q1, 0.5),"},
                 {"s1 = torch.div(torch.matmul(q1h, torch.transpose(k1h, -1, -2)), 2.)",
                  "s1 = torch.matmul(q1h, torch.transpose(k1h, -1, -2))"}}},
        Variant{"FilledMask",
                {{"s1m = torch.add(s1, mask)", "s1m = torch.masked_fill(s1, torch.eq(seen, 0), -3.0e38)"}}},
        Variant{"TruthMask",
                {{"c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, mask,",
                  "c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, torch.ne(seen, 0),"}}},
        Variant{"ProductAndBiasApart",
                {{"g1 = torch.linear(f1, wf1, bf1)", "g1 = torch.add(torch.matmul(f1, torch.t(wf1)), bf1)"}}},
        Variant{"ByAddmm",
                {{"g1 = torch.linear(f1, wf1, bf1)",
                  "g1 = torch.view(torch.addmm(bf1, torch.view(f1, [-1, 12]), torch.t(wf1)), [b, t, 8])"}}},
        Variant{"InPlaceSum", {{"torch.add(o1, h0)", "torch.add_(o1, h0)"}}},
        Variant{"NoPositions", {{"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"}}},
        Variant{"BiasOfDistances", test::with_bias(test::kDistance)},
        Variant{"OtherEps", {{"gf1, be1, 1.0e-12", "gf1, be1, 1.0e-2"}}},
        Variant{"DropoutOff",
                {{"a1 = torch.layer_norm(torch.add(o1,",
                  "a1 = torch.layer_norm(torch.add(torch.dropout(o1, 0.1, False),"}}},
        Variant{"PositionsFromTwo", {{"1, 0, t)", "1, 2, torch.add(t, 2))"}}}),
    name_of);

// ---- what is none
// ----------------------------------------------------------------------------------------------------

class Foreign : public ::testing::TestWithParam<Variant> {};

TEST_P(Foreign, IsNotRecognized) {
  const TinyModel model(GetParam().changes);
  ASSERT_NE(model.trace().program, nullptr) << model.trace().not_graphable;
  EXPECT_FALSE(model.recognized());
  EXPECT_THAT(model.reading().not_explained, ::testing::HasSubstr(GetParam().why));
  EXPECT_NE(model.reading().not_explained, "");
}

INSTANTIATE_TEST_SUITE_P(
    Recognize, Foreign,
    ::testing::Values(
        // attention
        Variant{"CausalMask",
                {{"s1m = torch.add(s1, mask)", kTriangle + "s1m = torch.add(s1, torch.add(mask, tri))"}},
                "mask"},
        Variant{"CausalArgument", {{"mask, 0., False, scale=0.5", "None, 0., True, scale=0.5"}}, "causal"},
        Variant{"WeakMask", {{"-10000.)", "-10.)"}}, "weakens"},
        Variant{"MaskTurnedAround", {{"torch.rsub(seen, 1.)", "seen"}}, "mask"},
        Variant{"MaskShifted",
                {{"torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2)",
                  "torch.unsqueeze(torch.unsqueeze(torch.roll(attention_mask, [1], [1]), 1), 2)"}},
                "mask"},
        Variant{"MaskOfQueries",
                {{"torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2)",
                  "torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 3)"}}},
        Variant{"MaskOfIds",
                {{"torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2)",
                  "torch.unsqueeze(torch.unsqueeze(torch.ne(input_ids, 3), 1), 2)"}}},
        Variant{
            "MaskShrunkBehindTheFill",
            {{"s1m = torch.add(s1, mask)", "s1m = torch.div(torch.masked_fill(s1, torch.eq(seen, 0), -2000.), 1000.)"}},
            "hides no key"},
        Variant{"LearnedBias",
                {{"s1m = torch.add(s1, mask)",
                  "s1m = torch.add(torch.add(s1, torch.slice(torch.slice(lots, 2, 0, t), 3, 0, t)), mask)"}},
                "bias"},
        Variant{"BiasOfPlaces",
                test::with_bias("torch.clamp(torch.add(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1)), None, 8)"),
                "distance"},
        Variant{"BiasOfFarPlaces",
                test::with_bias("torch.where(torch.ge(torch.unsqueeze(r, 0), 25), torch.zeros_like(" + test::kDistance +
                                "), " + test::kDistance + ")")},
        Variant{"BiasInOneLayer", {test::with_bias(test::kDistance)[0], test::with_bias(test::kDistance)[1]}, "bias"},
        Variant{"BiasScaled",
                {test::with_bias(test::kDistance)[0],
                 {"s1m = torch.add(s1, mask)", "s1m = torch.add(torch.mul(torch.add(s1, bias), 0.5), mask)"},
                 test::with_bias(test::kDistance)[2]}},
        Variant{"SecondMaskInOneLayer",
                {{"c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, mask,",
                  "c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, None,"}},
                "mask"},
        Variant{"SoftmaxOverQueries", {{"torch.softmax(s1m, -1)", "torch.softmax(s1m, -2)"}}, "keys"},
        Variant{
            "ProbabilitiesScaled", {{"torch.softmax(s1m, -1)", "torch.mul(torch.softmax(s1m, -1), 1.5)"}}, "softmax"},
        Variant{"ScoresSquashed", {{"s1m = torch.add(s1, mask)", "s1m = torch.add(torch.tanh(s1), mask)"}}},
        Variant{"ScaleBehindTheMask", {{"p1 = torch.softmax(s1m, -1)", "p1 = torch.softmax(torch.mul(s1m, 0.5), -1)"}}},
        Variant{"ScaleByLength",
                {{"s1m = torch.add(s1, mask)", "s1m = torch.add(torch.div(s1, torch.size(input_ids, 1)), mask)"}}},
        Variant{
            "ValuesScaled", {{"c1 = torch.matmul(p1, v1h)", "c1 = torch.matmul(p1, torch.mul(v1h, 2.))"}}, "values"},
        Variant{"HeadsLeftApart",
                {{"c1t = torch.contiguous(torch.permute(c1, [0, 2, 1, 3]))", "c1t = torch.contiguous(c1)"}},
                "heads"},
        Variant{"HeadsSwapped",
                {{"c1t = torch.contiguous(torch.permute(c1,",
                  "c1t = torch.contiguous(torch.permute(torch.flip(c1, [1]),"}}},
        Variant{"HeadsInterleaved",
                {{"q1h = torch.permute(torch.view(q1, [b, t, 2, 4]), [0, 2, 1, 3])",
                  "q1h = torch.permute(torch.view(q1, [b, t, 4, 2]), [0, 3, 1, 2])"}}},
        Variant{"KeysOfAnotherState", {{"k2 = torch.linear(h1,", "k2 = torch.linear(h0,"}}, "different rows"},
        Variant{"QueriesTurned",
                {{"scaled_dot_product_attention(q2h, k2h", "scaled_dot_product_attention(torch.flip(q2h, [2]), k2h"}}},
        Variant{"AttentionOfAnotherState",
                {{"q2 = torch.linear(h1,", "q2 = torch.linear(h0,"},
                 {"k2 = torch.linear(h1,", "k2 = torch.linear(h0,"},
                 {"v2 = torch.linear(h1,", "v2 = torch.linear(h0,"}}},
        Variant{"AnotherModelAtTwentyOneTokens",
                {{"q2 = torch.linear(h1",
                  "if torch.eq(t, torch.add(20, 1)):\n  h1z = torch.mul(h1, 1.5)\nelse:\n  h1z = h1\nq2 = "
                  "torch.linear(h1z"},
                 {"k2 = torch.linear(h1,", "k2 = torch.linear(h1z,"},
                 {"v2 = torch.linear(h1,", "v2 = torch.linear(h1z,"},
                 {"torch.add(o2, h1)", "torch.add(o2, h1z)"}},
                "at 21 tokens"},
        Variant{"AnotherModelAtANumbersOwnLength",
                {{"q2 = torch.linear(h1",
                  "if torch.eq(t, 17):\n  h1z = torch.mul(h1, 1.5)\nelse:\n  h1z = h1\nq2 = "
                  "torch.linear(h1z"},
                 {"k2 = torch.linear(h1,", "k2 = torch.linear(h1z,"},
                 {"v2 = torch.linear(h1,", "v2 = torch.linear(h1z,"},
                 {"torch.add(o2, h1)", "torch.add(o2, h1z)"}},
                "at 17 tokens"},
        Variant{"AnotherModelAtOneToken",
                {{"q2 = torch.linear(h1",
                  "if torch.eq(t, 1):\n  h1z = torch.mul(h1, 1.5)\nelse:\n  h1z = h1\nq2 = "
                  "torch.linear(h1z"},
                 {"k2 = torch.linear(h1,", "k2 = torch.linear(h1z,"},
                 {"v2 = torch.linear(h1,", "v2 = torch.linear(h1z,"},
                 {"torch.add(o2, h1)", "torch.add(o2, h1z)"}},
                "at 1 tokens"},
        // around it
        Variant{"ResidualHalved", {{"torch.add(o1, h0)", "torch.add(o1, h0, alpha=0.5)"}}},
        Variant{"ResidualMissing", {{"torch.add(o1, h0)", "torch.add(o1, o1)"}}},
        Variant{"ResidualOfAnotherState", {{"torch.add(g2, a2)", "torch.add(g2, h1)"}}},
        Variant{"ResidualTwice", {{"torch.add(g1, a1)", "torch.add(torch.add(g1, a1), a1)"}}},
        Variant{"NormWithoutWeights", {{"[8], ga1, ba1, 1.0e-12)", "[8], None, None, 1.0e-12)"}}},
        Variant{"NormOverTokensToo",
                {{"a1 = torch.layer_norm(torch.add(o1, h0), [8], ga1, ba1, 1.0e-12)",
                  "a1 = torch.add(torch.mul(torch.layer_norm(torch.add(o1, h0), [t, 8], None, None, 1.0e-12), ga1), "
                  "ba1)"}}},
        Variant{"GeluClipped",
                {{"f1 = torch.gelu(torch.linear(a1, wi1, bi1))",
                  "f1 = torch.clamp(torch.gelu(torch.linear(a1, wi1, bi1)), -10., 10.)"}},
                "activation"},
        Variant{"GeluBentFarOut",
                {{"f1 = torch.gelu(torch.linear(a1, wi1, bi1))",
                  "i1 = torch.linear(a1, wi1, bi1)\nf1 = torch.add(torch.gelu(i1), torch.relu(torch.sub(i1, 1000.)))"}},
                "activation"},
        Variant{"GeluNearly",
                {{"f1 = torch.gelu(torch.linear(a1, wi1, bi1))",
                  "f1 = torch.mul(torch.gelu(torch.linear(a1, wi1, bi1)), 1.001)"}},
                "activation"},
        Variant{"FeedForwardScaled",
                {{"g1 = torch.linear(f1, wf1, bf1)", "g1 = torch.mul(torch.linear(f1, wf1, bf1), 0.5)"}}},
        Variant{"FeedForwardReadsTheInput", {{"torch.linear(a1, wi1, bi1)", "torch.linear(h0, wi1, bi1)"}}},
        Variant{"StateScaled", {{"q2 = torch.linear(h1", "h1 = torch.mul(h1, 1.5)\nq2 = torch.linear(h1"}}},
        Variant{"StateScaledInPlace", {{"q2 = torch.linear(h1", "h1x = torch.mul_(h1, 1.5)\nq2 = torch.linear(h1"}}},
        Variant{"StateWrittenAtTheEnd",
                {{"pooled = torch.tanh(", "z = torch.mul_(first, 0.5)\npooled = torch.tanh("}},
                "in place"},
        Variant{"StateWrittenInPart",
                {{"q2 = torch.linear(h1", "h1x = torch.zero_(torch.select(h1, 1, 0))\nq2 = torch.linear(h1"}}},
        Variant{"StateOfTheNextText",
                {{"q2 = torch.linear(h1", "h1 = torch.roll(h1, [1], [0])\nq2 = torch.linear(h1"}}},
        Variant{"TextsMixed",
                {{"q2 = torch.linear(h1", "h1 = torch.sub(h1, torch.mean(h1, [0], True))\nq2 = torch.linear(h1"}}},
        Variant{"TokensTurned", {{"q2 = torch.linear(h1", "h1 = torch.flip(h1, [1])\nq2 = torch.linear(h1"}}},
        Variant{"FeaturesTurned", {{"o1 = torch.linear(c1m", "o1 = torch.linear(torch.flip(c1m, [2])"}}},
        Variant{"ExtraNorm",
                {{"q2 = torch.linear(h1", "h1 = torch.layer_norm(h1, [8], g0, b0, 1.0e-12)\nq2 = torch.linear(h1"}}},
        Variant{"ThirdAttention",
                {{"first = torch.select(",
                  "z = torch.scaled_dot_product_attention(q2h, k2h, v2h, mask, 0., False, scale=0.5)\nfirst = "
                  "torch.select("}},
                "behind"},
        // embeddings
        Variant{"IdsPlusOne",
                {{"torch.embedding(words, input_ids, 0)",
                  "torch.embedding(words, torch.remainder(torch.add(input_ids, 1), 24), 0)"}}},
        Variant{"WordsTwice",
                {{"torch.add(torch.add(x0, x1), x2)", "torch.add(torch.add(torch.add(x0, x1), x2), x0)"}}},
        Variant{"WordsAlphaTwo", {{"torch.add(torch.add(x0, x1), x2)", "torch.add(torch.add(x0, x1), x2, alpha=2)"}}},
        Variant{"WordsTurned",
                {{"x0 = torch.embedding(words, input_ids, 0)",
                  "x0 = torch.flip(torch.embedding(words, input_ids, 0), [1])"}}},
        Variant{"PositionsTurned",
                {{"x2 = torch.embedding(positions, ids)", "x2 = torch.embedding(positions, torch.flip(ids, [1]))"}}},
        Variant{
            "PositionsHalved",
            {{"x2 = torch.embedding(positions, ids)", "x2 = torch.embedding(positions, torch.floor_divide(ids, 2))"}}},
        Variant{
            "PositionsStopAtThirty",
            {{"x2 = torch.embedding(positions, ids)", "x2 = torch.embedding(positions, torch.clamp(ids, None, 30))"}}},
        Variant{"PositionsOfTheMask",
                {{"x2 = torch.embedding(positions, ids)",
                  "x2 = torch.embedding(positions, torch.cumsum(attention_mask, 1))"}}},
        Variant{"TypesTurnedAround",
                {{"x1 = torch.embedding(types, token_type_ids)",
                  "x1 = torch.embedding(types, torch.rsub(token_type_ids, 1))"}}},
        Variant{"TypesOfTheMask",
                {{"x1 = torch.embedding(types, token_type_ids)", "x1 = torch.embedding(types, attention_mask)"}}},
        Variant{"TypesByPosition",
                {{"x1 = torch.embedding(types, token_type_ids)",
                  "x1 = torch.embedding(types, torch.to(torch.gt(ids, 4), 4))"}}}),
    name_of);

// ---- roles
// -----------------------------------------------------------------------------------------------------------

std::vector<OutputRole> roles_of(const std::string& give, const std::string& more = "") {
  const TinyModel model({}, give, more);
  EXPECT_TRUE(model.recognized()) << model.reading().not_explained << model.trace().not_graphable;
  return model.roles();
}

TEST(Roles, AreToldByDataFlow) {
  EXPECT_THAT(roles_of("(h0, h1, h2)"), ElementsAre(hidden_state, hidden_state, hidden_state));
  EXPECT_THAT(roles_of("(torch.linear(h2, wc, bc), torch.linear(pooled, wc, bc))"),
              ElementsAre(token_logits, text_logits));
  EXPECT_THAT(roles_of("torch.linear(first, wc, bc)"), ElementsAre(text_logits));
  EXPECT_THAT(roles_of("torch.linear(h2, wp, bp)"), ElementsAre(token_logits));  // as wide as a hidden state
  EXPECT_THAT(roles_of("torch.div(torch.linear(h2, wc, bc), 1.7)"), ElementsAre(token_logits));
  EXPECT_THAT(roles_of("torch.log_softmax(torch.linear(h2, wc, bc), -1)"), ElementsAre(token_logits));
  EXPECT_THAT(roles_of("torch.index_fill(torch.linear(h2, wc, bc), -1, banned, -1.0e9)", "banned = torch.arange(2)\n"),
              ElementsAre(token_logits));
}

TEST(Roles, WhatIsNoMapOfStatesIsOther) {
  for (const std::string give :
       {"torch.mul(h2, 2.)", "torch.add(h1, h2)", "torch.flip(h2, [1])", "torch.transpose(h2, 1, 2)",
        "torch.select(h2, 1, 0)", "torch.tanh(h2)", "torch.relu(torch.linear(h2, wc, bc))",
        "torch.softmax(torch.linear(h2, wc, bc), -1)", "torch.log_softmax(torch.linear(h2, wc, bc), 1)",
        "torch.sigmoid(torch.linear(pooled, wc, bc))", "torch.tanh(torch.linear(torch.select(h2, 1, 1), wp, bp))",
        "torch.tanh(torch.linear(torch.select(h1, 1, 0), wp, bp))", "torch.relu(torch.linear(first, wp, bp))",
        "torch.add(torch.linear(h2, wc, bc), torch.unsqueeze(attention_mask, 2))",
        "torch.cumsum(torch.linear(h2, wc, bc), 1)"}) {
    EXPECT_THAT(roles_of(give), ElementsAre(other)) << give;
  }
}

TEST(Roles, TheTwoColumnsOfAMapAreStartAndEndWhereBothAreGiven) {
  const std::string spans = "s = torch.linear(h2, ws, bs)\ns0, s1, = torch.split(s, 1, -1)\n";
  EXPECT_THAT(roles_of("(torch.squeeze(s0, -1), torch.squeeze(s1, -1))", spans), ElementsAre(start_logits, end_logits));
  EXPECT_THAT(roles_of("(torch.squeeze(s1, -1), torch.squeeze(s0, -1))", spans), ElementsAre(end_logits, start_logits));
  EXPECT_THAT(roles_of("torch.squeeze(s1, -1)", spans), ElementsAre(::testing::Not(end_logits)));
  EXPECT_THAT(roles_of("(torch.squeeze(s1, -1), torch.squeeze(s1, -1))", spans),
              ElementsAre(::testing::Not(end_logits), ::testing::Not(end_logits)));
}

// [:, 1:-1] of two tokens has no elements.
TEST(Roles, AnOutputThatIsEmptyForShortTextsIsOther) {
  EXPECT_THAT(roles_of("torch.slice(h2, 1, 1, -1)"), ElementsAre(other));
}

TEST(Roles, OfAnEncoderThatIsNotKnownGoByShapeAndAreNoSumsOfLayers) {
  const std::vector<Change> causal = {
      {"s1m = torch.add(s1, mask)", kTriangle + "s1m = torch.add(s1, torch.add(mask, tri))"}};
  const TinyModel model(causal, "(h2, torch.add(h1, h2), torch.add(torch.add(h0, h1), h2))");
  EXPECT_FALSE(model.recognized());
  EXPECT_THAT(model.roles(), ElementsAre(hidden_state, other, other));
  EXPECT_EQ(model.reading().outputs[0].evidence, Evidence::by_shape);
}

TEST(Roles, OfAnEncoderThatIsNotKnownAreTheSameHeads) {
  const std::vector<Change> causal = {
      {"s1m = torch.add(s1, mask)", kTriangle + "s1m = torch.add(s1, torch.add(mask, tri))"}};
  // QA's two columns, ConvBERT's and XLM's.
  const std::string spans = "s = torch.linear(h2, ws, bs)\ns0, s1, = torch.split(s, 1, -1)\n";
  EXPECT_THAT(TinyModel(causal, "(torch.squeeze(s0, -1), torch.squeeze(s1, -1))", spans).roles(),
              ElementsAre(start_logits, end_logits));
  EXPECT_THAT(TinyModel(causal, "torch.squeeze(s1, -1)", spans).roles(), ElementsAre(::testing::Not(end_logits)));
  // States whose hidden tokens are 0: XLM's.
  const std::string zeroed = "z = torch.mul(h2, torch.to(torch.unsqueeze(attention_mask, -1), 6))\n";
  EXPECT_THAT(TinyModel(causal, "(z, torch.linear(z, wc, bc))", zeroed).roles(),
              ElementsAre(hidden_state, token_logits));
  EXPECT_THAT(TinyModel(causal, "torch.mul(h2, h1)").roles(), ElementsAre(other));
  // A sum that lies [texts, hidden, tokens] in memory: SqueezeBERT's.
  const std::string turned =
      "u = torch.contiguous(torch.permute(h2, [0, 2, 1]))\nv = torch.add(torch.tanh(u), u)\n"
      "w = torch.layer_norm(torch.permute(v, [0, 2, 1]), [8], g0, b0, 1.0e-12)\n";
  EXPECT_THAT(TinyModel(causal, "(w, torch.linear(torch.select(w, 1, 0), wc, bc))", turned).roles(),
              ElementsAre(hidden_state, text_logits));
}

// What does not change which of the classes a text is of, or only bounds how sure that is.
TEST(Roles, LogitsMayBeShiftedBoundedAndHidden) {
  const auto roles = [](const std::string& give) { return TinyModel({}, give).roles(); };
  const std::string texts = "torch.linear(pooled, wc, bc)";
  const std::string tokens = "torch.linear(h2, wc, bc)";
  EXPECT_THAT(roles("torch.sub(" + texts + ", torch.log(torch.abs(bc)))"), ElementsAre(text_logits));
  EXPECT_THAT(roles("torch.clamp(" + texts + ", -10., 10.)"), ElementsAre(text_logits));
  EXPECT_THAT(roles("torch.clamp(" + tokens + ", None, 10.)"), ElementsAre(token_logits));
  EXPECT_THAT(roles("torch.mul(" + tokens + ", torch.to(torch.unsqueeze(attention_mask, -1), 6))"),
              ElementsAre(token_logits));
  // By what the text itself says, they are no logits any more.
  EXPECT_THAT(roles("torch.sub(" + texts + ", torch.slice(pooled, 1, 0, 3))"), ElementsAre(other));
  EXPECT_THAT(roles("torch.mul(" + texts + ", torch.sigmoid(" + texts + "))"), ElementsAre(other));
}

// A head that reads something of its own: what its last linear map has rows for, and that this is all that is known.
TEST(Roles, ALinearMapOfOtherRowsIsLogitsByItsShape) {
  const auto evidence = [](const TinyModel& model) { return model.reading().recognition->outputs.at(0).evidence; };
  const TinyModel layers({}, "torch.linear(torch.mul(h1, h2), wc, bc)");
  EXPECT_THAT(layers.roles(), ElementsAre(token_logits));
  EXPECT_EQ(evidence(layers), Evidence::by_shape);
  const TinyModel largest({}, "torch.mul(torch.linear(torch.amin(h2, [1]), wc, bc), 2.)");
  EXPECT_THAT(largest.roles(), ElementsAre(text_logits));
  EXPECT_EQ(evidence(largest), Evidence::by_shape);
  EXPECT_EQ(evidence(TinyModel({}, "torch.linear(h2, wc, bc)")), Evidence::recognized);
  EXPECT_THAT(TinyModel({}, "torch.amax(h2, [1])").roles(), ElementsAre(other));
  EXPECT_THAT(TinyModel({}, "torch.softmax(torch.linear(torch.add(h1, h2), wc, bc), -1)").roles(), ElementsAre(other));
  // What is read whole is known.
  EXPECT_EQ(evidence(TinyModel({}, "torch.linear(torch.add(h1, h2), wc, bc)")), Evidence::recognized);
  EXPECT_EQ(evidence(TinyModel({}, "torch.linear(torch.amax(h2, [1]), wc, bc)")), Evidence::recognized);
  const TinyModel joined({}, "torch.linear(torch.cat([torch.slice(h1, 2, 0, 4), h2], -1), wc, bc)");
  EXPECT_THAT(joined.roles(), ::testing::Not(ElementsAre(text_logits)));
}

// A head with learned queries: where there are as many as the text has tokens, it looks like a layer's attention.
TEST(Heads, WhatAsksByItselfIsNoLayer) {
  for (const std::string labels : {"3", "5", "7", "8"}) {
    const TinyModel asked(
        {}, "(h2, torch.matmul(s3, h2))",
        "s3 = torch.softmax(torch.matmul(torch.slice(w24, 0, 0, " + labels + "), torch.transpose(h2, 1, 2)), -1)\n");
    EXPECT_TRUE(asked.recognized()) << labels << ": " << asked.reading().not_explained;
  }
  // The text's own questions are a layer's.
  EXPECT_FALSE(TinyModel({}, "(h2, torch.matmul(s3, h2))",
                         "s3 = torch.softmax(torch.matmul(torch.linear(h2, wp, bp), torch.transpose(h2, 1, 2)), -1)\n")
                   .recognized());
}

// squeeze() of a text alone leaves its axis out, which changes nothing else. Long texts are looked at alone.
TEST(Heads, MayLeaveOutTheAxisOfOneText) {
  const TinyModel model({{"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"}},
                        "torch.squeeze(torch.linear(pooled, wc, bc))");
  EXPECT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_THAT(model.roles(), ElementsAre(text_logits));
}

}  // namespace
}  // namespace bertrt::family
