#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archive/tensor.h"
#include "family/recognize.h"
#include "family/tiny_model.h"

// Blocks that some families have and BERT has not: norms in front, windows, gates, turned queries and keys. Each beside
// what is nearly the same and must not be taken for it.
namespace bertrt::family {
namespace {

using test::Change;
using test::TinyModel;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Changes = std::vector<Change>;

Changes operator+(Changes a, const Changes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const EncoderSpec& spec_of(const TinyModel& model) { return model.reading().recognition->spec; }

std::vector<std::size_t> windows_of(const TinyModel& model) {
  std::vector<std::size_t> windows;
  for (const LayerSpec& layer : spec_of(model).layers) windows.push_back(layer.window);
  return windows;
}

void expect_none(const Changes& changes, const std::string& what, const std::string& give = "(h2, pooled)",
                 const std::string& more = "") {
  const TinyModel model(changes, give, more);
  ASSERT_NE(model.trace().program, nullptr) << what << ": " << model.trace().not_graphable;
  EXPECT_FALSE(model.recognized()) << what;
  EXPECT_NE(model.reading().not_explained, "") << what;
}

// What cat gives is no list, however many of them lie under it (22 layers that turn queries and keys).
TEST(Blocks, ListsThatOperatorsAreGivenAreNotNestedInTheirResults) {
  std::string more = "z = h2\n";
  for (int i = 0; i < 100; ++i) more += "z = torch.slice(torch.cat([z, z], 1), 1, 0, t)\n";
  const TinyModel model({}, "(h2, z)", more);
  EXPECT_TRUE(model.recognized()) << model.reading().not_explained << model.trace().not_graphable;
}

// As a tree it has 2^15 leaves, looked at 801 times.
TEST(Blocks, AFormulaThatUsesEachStepTwiceIsReadOnce) {
  const std::string inner = "torch.linear(a1, wi1, bi1)";
  for (const std::string step : {"torch.mul(y, y)", "torch.add(y, y)"}) {
    std::string lines = "y = " + inner + "\n";
    for (int i = 0; i < 15; ++i) lines += "y = " + step + "\n";
    expect_none({{"f1 = torch.gelu(" + inner + ")", lines + "f1 = torch.gelu(y)"}}, step);
  }
}

// Its first layer sees keys twice as much as others do.
const Changes kNoEncoder = {{"p1 = torch.softmax(s1m, -1)", "p1 = torch.mul(torch.softmax(s1m, -1), 2.)"}};

// Reading must take each step once, not once for each way that leads to it: these have 2^60 ways. (A reader that does
// otherwise never ends here.)
TEST(Blocks, ChainsOfStepsThatUseTheirInputTwiceAreReadOnce) {
  const std::vector<std::string> steps = {
      "torch.add(y, y)",
      "torch.sub(y, y)",
      "torch.mul(y, y)",
      "torch.div(y, y)",
      "torch.div(y, 2.)",
      "torch.tanh(torch.mul(y, y))",
      "torch.where(torch.gt(y, 0.), y, y)",
      "torch.masked_fill(y, torch.gt(y, 0.), 0.)",
      "torch.slice(torch.cat([y, y], 1), 1, 0, torch.size(y, 1))",
      "torch.select(torch.stack([y, y]), 0, 0)",
      "torch.expand_as(torch.mean(y, [1], True), y)",
      "torch.mul(y, torch.div(torch.sum(y, [1], True), 2.))",
      "torch.div(torch.sum(torch.mul(y, y), [1], True), 2.)",
      "torch.div(torch.sum(y, [1], True), 2.)",
  };
  const std::vector<std::string> of_rows = {
      "torch.layer_norm(torch.add(y, y), [8], g0, b0, 1.0e-12)",
      "torch.linear(torch.add(y, y), wp, bp)",
      "torch.add(torch.linear(y, wp, bp), y)",
      "torch.add(torch.layer_norm(y, [8], g0, b0, 1.0e-12), torch.layer_norm(y, [8], g0, b0, 1.0e-12))",
  };
  const auto chain = [](const std::string& from, const std::string& step) {
    std::string lines = "y = " + from + "\n";
    for (int i = 0; i < 60; ++i) lines += "y = " + step + "\n";
    return lines;
  };
  std::vector<std::string> all = steps;
  all.insert(all.end(), of_rows.begin(), of_rows.end());
  for (const std::string& step : all) {
    SCOPED_TRACE(step);
    for (const std::string from : {"h2", "torch.linear(h2, wp, bp)"}) {
      const std::string lines = chain(from, step) + "z = torch.linear(torch.select(y, 1, 0), wc, bc)\n";
      for (const Changes& encoder : {Changes{}, kNoEncoder}) {
        EXPECT_EQ(TinyModel(encoder, "(h2, y, z)", lines).recognized(), encoder.empty());
      }
    }
    for (const std::string at : {"h0", "x3", "a1", "q1", "k1", "o1", "h1"}) {
      const std::size_t found = test::tiny_lines().find(at + " = ");
      ASSERT_NE(found, std::string::npos);
      const std::string line = test::tiny_lines().substr(found, test::tiny_lines().find('\n', found) - found);
      TinyModel(Changes{{line, line + "\n" + chain(at, step) + at + " = y"}});
    }
  }
  const auto lines_of = [](const Changes& changes) {
    std::string lines = test::tiny_lines();
    for (const Change& change : changes) lines.replace(lines.find(change.from), change.from.size(), change.to);
    return lines;
  };
  const Changes bias = test::with_bias(test::kDistance);
  for (const std::string& step : steps) {
    SCOPED_TRACE(step);
    for (const std::string at : {"mask", "s1", "s1m", "p1", "f1", "seen", "bias", "d", "r"}) {
      const bool of_bias = at == "bias" || at == "d" || at == "r";
      const std::string all_lines = lines_of(of_bias ? bias : Changes{});
      const std::size_t found = all_lines.find("\n" + at + " = ");
      ASSERT_NE(found, std::string::npos);
      const std::string line = all_lines.substr(found, all_lines.find('\n', found + 1) - found);
      TinyModel((of_bias ? bias : Changes{}) + Changes{{line, line + "\n" + chain(at, step) + at + " = y"}});
    }
  }
}

TEST(Blocks, TuplesOfTheSameTupleTwiceAreNoEndOfOutputs) {
  std::string lines = "y = (h2, h2)\n";
  for (int i = 0; i < 60; ++i) lines += "y = (y, y)\n";
  const TinyModel model({}, "y", lines);
  EXPECT_EQ(model.trace().program, nullptr);
  EXPECT_NE(model.trace().not_graphable, "");
}

// ---- norms in front
// --------------------------------------------------------------------------------------------------

const std::string kFinal = "hf = torch.layer_norm(h2, [8], g0, b0, 1.0e-12)\n";

Changes norms_first(const std::string& l, const std::string& h, const std::string& out) {
  return {
      {"q" + l + " = torch.linear(" + h, "n" + l + " = torch.layer_norm(" + h + ", [8], ga" + l + ", ba" + l +
                                             ", 1.0e-12)\nq" + l + " = torch.linear(n" + l},
      {"k" + l + " = torch.linear(" + h, "k" + l + " = torch.linear(n" + l},
      {"v" + l + " = torch.linear(" + h, "v" + l + " = torch.linear(n" + l},
      {"a" + l + " = torch.layer_norm(torch.add(o" + l + ", " + h + "), [8], ga" + l + ", ba" + l + ", 1.0e-12)",
       "a" + l + " = torch.add(o" + l + ", " + h + ")"},
      {"f" + l + " = torch.gelu(torch.linear(a" + l, "m" + l + " = torch.layer_norm(a" + l + ", [8], gf" + l + ", be" +
                                                         l + ", 1.0e-12)\nf" + l + " = torch.gelu(torch.linear(m" + l},
      {out + " = torch.layer_norm(torch.add(g" + l + ", a" + l + "), [8], gf" + l + ", be" + l + ", 1.0e-12)",
       out + " = torch.add(g" + l + ", a" + l + ")"}};
}
const Changes kFirst = norms_first("1", "h0", "h1") + norms_first("2", "h1", "h2");
const Change kNoEmbeddingNorm = {"h0 = torch.layer_norm(x3, [8], g0, b0, 1.0e-12)",
                                 "h0 = torch.dropout(x3, 0.1, False)"};

TEST(NormsFirst, AreSeenWithTheNormBehindTheLastLayer) {
  for (const Changes& changes : {kFirst, kFirst + Changes{kNoEmbeddingNorm}}) {
    const TinyModel model(changes, "hf", kFinal);
    ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
    const EncoderSpec& spec = spec_of(model);
    EXPECT_TRUE(spec.norm_first);
    EXPECT_EQ(spec.layers.size(), 2U);
    ASSERT_TRUE(spec.final_norm);
    EXPECT_EQ(spec.final_norm->gamma.name, "g0");
    EXPECT_EQ(spec.layers[1].attention_norm->gamma.name, "ga2");
    EXPECT_EQ(spec.layers[1].ffn_norm.gamma.name, "gf2");
    EXPECT_EQ(spec.embeddings.norm.has_value(), changes.size() == kFirst.size());
    EXPECT_THAT(model.roles(), ElementsAre(OutputRole::hidden_state));
  }
}

TEST(NormsFirst, TheFirstAttentionMayHaveNone) {
  const TinyModel model(kFirst + Changes{{"n1 = torch.layer_norm(h0, [8], ga1, ba1, 1.0e-12)", "n1 = h0"}}, "hf",
                        kFinal);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_FALSE(spec_of(model).layers[0].attention_norm);
  EXPECT_TRUE(spec_of(model).layers[1].attention_norm);
}

TEST(NormsFirst, LayersMayHaveNoBiases) {
  const TinyModel model(kFirst + Changes{{"[8], ga1, ba1", "[8], ga1, None"},
                                         {"torch.linear(m1, wi1, bi1)", "torch.linear(m1, wi1, None)"}},
                        "hf", kFinal);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_FALSE(spec_of(model).layers[0].attention_norm->beta);
  EXPECT_FALSE(spec_of(model).layers[0].ffn_in.bias);
}

TEST(NormsFirst, RootMeanSquareIsKnownWrittenOut) {
  const std::string rms =
      "torch.mul(ga1, torch.mul(h0, torch.rsqrt(torch.add(torch.mean(torch.pow(h0, 2), [-1], True), 1.0e-3))))";
  const Changes with = kFirst + Changes{{"n1 = torch.layer_norm(h0, [8], ga1, ba1, 1.0e-12)", "n1 = " + rms}};
  const TinyModel model(with, "hf", kFinal);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_FALSE(spec_of(model).layers[0].attention_norm->centred);
  EXPECT_FLOAT_EQ(spec_of(model).layers[0].attention_norm->eps, 1e-3F);
  expect_none(with + Changes{{"torch.pow(h0, 2)", "torch.pow(h0, 4)"}}, "another power", "hf", kFinal);
  expect_none(with + Changes{{"torch.mul(h0, torch.rsqrt(", "torch.mul(x3, torch.rsqrt("}}, "of another", "hf", kFinal);
  expect_none(with + Changes{{"torch.pow(h0, 2), [-1]", "torch.pow(h0, 2), [1]"}}, "over tokens", "hf", kFinal);
  expect_none(with + Changes{{"torch.mul(ga1, torch.mul(h0", "torch.add(ga1, torch.mul(h0"}}, "added", "hf", kFinal);
}

TEST(NormsFirst, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) { expect_none(kFirst + Changes{change}, change.to, "hf", kFinal); };
  none({"a1 = torch.add(o1, h0)", "a1 = torch.add(o1, n1)"});
  none({"m1 = torch.layer_norm(a1,", "m1 = torch.layer_norm(h0,"});
  none({"h1 = torch.add(g1, a1)", "h1 = torch.add(g1, h0)"});
  none({"h1 = torch.add(g1, a1)", "h1 = torch.add(g1, m1)"});
  none({"h1 = torch.add(g1, a1)", "h1 = torch.layer_norm(torch.add(g1, a1), [8], g0, b0, 1.0e-12)"});
  none({"f1 = torch.gelu(torch.linear(m1", "f1 = torch.gelu(torch.linear(a1"});
  none({"k2 = torch.linear(n2", "k2 = torch.linear(h1"});
  expect_none(norms_first("1", "h0", "h1"), "one layer of each kind");
}

// ---- windows
// ---------------------------------------------------------------------------------------------------------

Changes window(const std::string& far) {
  return {{"s1m = torch.add(s1, mask)",
           "r = torch.arange(t)\nfar = " + far + "\ns1m = torch.add(torch.masked_fill(s1, far, -10000.), mask)"}};
}
const std::string kApart = "torch.sub(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1))";

TEST(Windows, AreAsWideAsTheMaskShows) {
  for (const std::size_t wide : {1U, 4U, 19U}) {
    const TinyModel model(window("torch.gt(torch.abs(" + kApart + "), " + std::to_string(wide) + ")"));
    ASSERT_TRUE(model.recognized()) << wide << ": " << model.reading().not_explained;
    EXPECT_THAT(windows_of(model), ElementsAre(wide, 0U));
  }
}

// The number is no length that a text without a limit is looked at by chance.
TEST(Windows, AreSeenWhereNothingLimitsTheText) {
  const Change none = {"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"};
  for (const std::size_t wide : {19U, 700U}) {
    const TinyModel model(window("torch.gt(torch.abs(" + kApart + "), " + std::to_string(wide) + ")") + Changes{none});
    ASSERT_TRUE(model.recognized()) << wide << ": " << model.reading().not_explained;
    EXPECT_THAT(windows_of(model), ElementsAre(wide, 0U));
    EXPECT_EQ(spec_of(model).max_length, 0U);
  }
  // What nobody looks at ends the texts that are taken.
  const TinyModel model(window("torch.gt(torch.abs(" + kApart + "), 5000)") + Changes{none});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_EQ(spec_of(model).max_length, 5000U);
}

TEST(Windows, OfAnotherShapeAreNone) {
  for (const std::string& far : std::vector<std::string>{
           "torch.gt(" + kApart + ", 4)", "torch.lt(torch.abs(" + kApart + "), 4)",
           "torch.ne(torch.remainder(torch.abs(" + kApart + "), 2), 0)", "torch.gt(torch.abs(" + kApart + "), 0)",
           "torch.ne(torch.floor_divide(torch.unsqueeze(r, 0), 4), torch.floor_divide(torch.unsqueeze(r, 1), 4))",
           "torch.__and__(torch.gt(torch.abs(" + kApart + "), 4), torch.gt(torch.unsqueeze(r, 1), 20))"}) {
    expect_none(window(far), far);
  }
}

// ---- gates
// -----------------------------------------------------------------------------------------------------------

Changes feed_forward(const std::string& lines) { return {{"f1 = torch.gelu(torch.linear(a1, wi1, bi1))", lines}}; }
const std::string kBoth = "both = torch.linear(a1, w24, b24)\np0, p1, = torch.chunk(both, 2, -1)\n";

TEST(Gates, AreTheOperandWithoutAnActivation) {
  const TinyModel apart(
      feed_forward("f1 = torch.mul(torch.linear(a1, wi2, bi2), torch.silu(torch.linear(a1, wi1, bi1)))"));
  ASSERT_TRUE(apart.recognized()) << apart.reading().not_explained;
  EXPECT_EQ(spec_of(apart).layers[0].ffn_in.weight.name, "wi1");
  ASSERT_TRUE(spec_of(apart).layers[0].ffn_gate);
  EXPECT_EQ(spec_of(apart).layers[0].ffn_gate->weight.name, "wi2");
  EXPECT_EQ(spec_of(apart).layers[0].activation, Activation::silu);
  EXPECT_FALSE(spec_of(apart).layers[1].ffn_gate);
}

TEST(Gates, AnActivationMayBeNone) {
  const TinyModel plain(feed_forward("f1 = torch.linear(a1, wi1, bi1)"));
  ASSERT_TRUE(plain.recognized()) << plain.reading().not_explained;
  EXPECT_EQ(spec_of(plain).layers[0].activation, Activation::none);
  EXPECT_FALSE(spec_of(plain).layers[0].ffn_gate);
}

TEST(Gates, HalvesOfOneLayerAreToldApart) {
  for (const bool swapped : {false, true}) {
    const std::string product = swapped ? "torch.mul(p0, torch.gelu(p1))" : "torch.mul(torch.gelu(p0), p1)";
    const TinyModel model(feed_forward(kBoth + "f1 = " + product));
    ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
    const LayerSpec& layer = spec_of(model).layers[0];
    ASSERT_TRUE(layer.ffn_gate);
    EXPECT_EQ(layer.ffn_in.weight.tensor.shape, (std::vector<std::int64_t>{12, 8}));
    EXPECT_EQ(layer.ffn_in.weight.tensor.storage_offset, swapped ? 96 : 0);
    EXPECT_EQ(layer.ffn_in.bias->tensor.storage_offset, swapped ? 12 : 0);
    EXPECT_EQ(layer.ffn_gate->weight.tensor.storage_offset, swapped ? 0 : 96);
  }
}

TEST(Gates, OfOtherKindsAreNone) {
  for (const std::string& product : std::vector<std::string>{
           "torch.mul(torch.gelu(torch.linear(a1, wi1, bi1)), torch.linear(h0, wi2, bi2))",
           "torch.add(torch.gelu(torch.linear(a1, wi1, bi1)), torch.linear(a1, wi2, bi2))",
           "torch.mul(torch.gelu(torch.linear(a1, wi1, bi1)), torch.gelu(torch.linear(a1, wi2, bi2)))",
           "torch.mul(torch.gelu(torch.linear(a1, wi1, bi1)), torch.mul(torch.linear(a1, wi2, bi2), 2.))"}) {
    expect_none(feed_forward("f1 = " + product), product);
  }
  expect_none(feed_forward(kBoth + "f1 = torch.mul(torch.gelu(p0), torch.flip(p1, [1]))"), "the gate of another token");
  expect_none(feed_forward(kBoth + "f1 = torch.mul(torch.gelu(p0), torch.flip(p1, [2]))"), "features turned around");
}

}  // namespace
}  // namespace bertrt::family
