#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archive/tensor.h"
#include "family/recognize.h"
#include "family/tiny_blocks.h"

// Queries, keys and values that are turned by their positions, and what is nearly so.
namespace bertrt::family {
namespace {

using namespace test;

const EncoderSpec& spec_of(const TinyModel& model) { return model.reading().recognition->spec; }

void expect_none(const Changes& changes, const std::string& what) {
  const TinyModel model(changes);
  ASSERT_NE(model.trace().program, nullptr) << what << ": " << model.trace().not_graphable;
  EXPECT_FALSE(model.recognized()) << what;
  EXPECT_NE(model.reading().not_explained, "") << what;
}

std::vector<float> stored(const TinyModel& model, const std::string& name) {
  for (const graph::Constant& constant : model.trace().program->constants) {
    if (constant.name == name) return graph::to_floats(*constant.value.tensor());
  }
  return {};
}

// ---- half a head apart, by frequencies
// -------------------------------------------------------------------------------

TEST(Rotary, FrequenciesAreTheStoredOnes) {
  const TinyModel model(kTurned);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const EncoderSpec& spec = spec_of(model);
  ASSERT_EQ(spec.rotary.size(), 1U);
  EXPECT_EQ(spec.layers[0].rotary, 0U);
  EXPECT_EQ(spec.layers[1].rotary, 0U);
  EXPECT_EQ(spec.rotary[0].factor, 1.0F);
  for (const graph::Constant& constant : model.trace().program->constants) {
    if (constant.name != "freq") continue;
    EXPECT_EQ(spec.rotary[0].frequencies, graph::to_floats(*constant.value.tensor()));
  }
}

TEST(Rotary, LayersMayTurnInTheirOwnWaysOrNotAtAll) {
  const std::string other =
      "fr2 = torch.mul(where, freq2)\nem2 = torch.cat([fr2, fr2], -1)\n"
      "cs2 = torch.unsqueeze(torch.mul(torch.cos(em2), 1.5), 1)\n"
      "sn2 = torch.unsqueeze(torch.mul(torch.sin(em2), 1.5), 1)\n";
  const TinyModel two(kTurned + Changes{{"q2r = " + turned("q2h"), other + "q2r = " + turned("q2h", "cs2", "sn2")},
                                        {"k2r = " + turned("k2h"), "k2r = " + turned("k2h", "cs2", "sn2")}});
  ASSERT_TRUE(two.recognized()) << two.reading().not_explained;
  EXPECT_EQ(spec_of(two).rotary.size(), 2U);
  EXPECT_EQ(spec_of(two).layers[1].rotary, 1U);
  EXPECT_EQ(spec_of(two).rotary[1].factor, 1.5F);
  const TinyModel one({kTurned[0]});
  ASSERT_TRUE(one.recognized()) << one.reading().not_explained;
  EXPECT_EQ(spec_of(one).rotary.size(), 1U);
  EXPECT_EQ(spec_of(one).layers[1].rotary, 1U);  // none
}

// As an older library multiplied positions and frequencies.
TEST(Rotary, AnglesMayBeAProductOfMatrices) {
  const TinyModel model(kTurned +
                        Changes{{"fr = torch.mul(where, freq)",
                                 "fr = torch.transpose(torch.matmul(torch.unsqueeze(torch.unsqueeze(freq, 0), 2), "
                                 "torch.transpose(where, 1, 2)), 1, 2)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_EQ(spec_of(model).rotary.size(), 1U);
}

TEST(Rotary, WhatTurnsInAnotherWayIsNone) {
  const auto none = [](const Change& change) { expect_none(kTurned + Changes{change}, change.to); };
  none({"k1r = " + turned("k1h"), "k1r = k1h"});
  none({"k1r = " + turned("k1h"), "k1r = " + turned("k1h", "sn", "cs")});
  none({"torch.cat([torch.neg(torch.slice(q1h, -1, 2, 9223372036854775807)), torch.slice(q1h, -1, 0, 2)], -1)",
        "torch.cat([torch.slice(q1h, -1, 2, 9223372036854775807), torch.neg(torch.slice(q1h, -1, 0, 2))], -1)"});
  none({"torch.cat([torch.neg(torch.slice(q1h, -1, 2, 9223372036854775807)), torch.slice(q1h, -1, 0, 2)], -1)",
        "torch.cat([torch.neg(torch.slice(q1h, -1, 0, 2)), torch.slice(q1h, -1, 2, 9223372036854775807)], -1)"});
  none({"torch.cat([torch.neg(torch.slice(q1h, -1, 2, 9223372036854775807)), torch.slice(q1h, -1, 0, 2)], -1)",
        "torch.cat([torch.neg(torch.slice(k1h, -1, 2, 9223372036854775807)), torch.slice(q1h, -1, 0, 2)], -1)"});
  none({"em = torch.cat([fr, fr], -1)", "em = torch.cat([fr, torch.flip(fr, [2])], -1)"});
  none({"em = torch.cat([fr, fr], -1)", "em = torch.cat([fr, torch.mul(where, freq2)], -1)"});
  none({"sn = torch.unsqueeze(torch.mul(torch.sin(em), 1.), 1)",
        "sn = torch.unsqueeze(torch.mul(torch.sin(em), 2.), 1)"});
  none({"sn = torch.unsqueeze(torch.mul(torch.sin(em), 1.), 1)",
        "fr3 = torch.mul(where, freq2)\nem3 = torch.cat([fr3, fr3], -1)\nsn = torch.unsqueeze(torch.sin(em3), 1)"});
  none({"torch.arange(t), 0), 2), 6)", "torch.mul(torch.arange(t), 2), 0), 2), 6)"});
  none({"torch.arange(t), 0), 2), 6)", "torch.flip(torch.arange(t), [0]), 0), 2), 6)"});
  none({"torch.arange(t), 0), 2), 6)", "torch.clamp(torch.arange(t), None, 25), 0), 2), 6)"});
  none({"where = torch.to(torch.unsqueeze(torch.unsqueeze(torch.arange(t), 0), 2), 6)",
        "where = torch.div(torch.to(torch.unsqueeze(torch.unsqueeze(torch.arange(t), 0), 2), 6), 2.)"});
  none({"where = torch.to(torch.unsqueeze(torch.unsqueeze(torch.arange(t), 0), 2), 6)",
        "where = torch.to(torch.unsqueeze(torch.cumsum(attention_mask, 1), 2), 6)"});
  none({"cs = torch.unsqueeze(torch.mul(torch.cos(em), 1.), 1)",
        "cs = torch.unsqueeze(torch.mul(torch.cos(em), where), 1)"});
}

// ---- side by side, by a table
// ----------------------------------------------------------------------------------------

// Row by row (or column by column) of a head of 4 values: first of each pair, then second.
constexpr std::size_t kApart[] = {0, 2, 1, 3, 4, 6, 5, 7};

TEST(RotaryBeside, PairsArePutHalfAHeadApart) {
  const TinyModel model(kBeside);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const EncoderSpec& spec = spec_of(model);
  ASSERT_EQ(spec.rotary.size(), 1U);
  EXPECT_EQ(spec.rotary[0].table, stored(model, "angles"));
  EXPECT_FALSE(spec.rotary[0].values);
  EXPECT_EQ(spec.max_length, test::kTinyPositions);
  const std::vector<float> query = archive::to_float32(spec.layers[1].query.weight.tensor);
  const std::vector<float> bias = archive::to_float32(spec.layers[1].query.bias->tensor);
  const std::vector<float> before = stored(model, "wq2");
  for (std::size_t row = 0; row < 8; ++row) {
    EXPECT_EQ(bias[row], stored(model, "bq2")[kApart[row]]) << row;
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(query[row * 8 + i], before[kApart[row] * 8 + i]) << row;
  }
  EXPECT_EQ(archive::to_float32(spec.layers[1].value.weight.tensor), stored(model, "wv2"));
  EXPECT_EQ(archive::to_float32(spec.layers[1].attention_out.weight.tensor), stored(model, "wo2"));
}

TEST(RotaryBeside, ValuesThatAreTurnedAreTurnedBackByWhatReadsThem) {
  const TinyModel model(kBeside + kValues);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const EncoderSpec& spec = spec_of(model);
  ASSERT_EQ(spec.rotary.size(), 1U);
  EXPECT_TRUE(spec.rotary[0].values);
  const std::vector<float> out = archive::to_float32(spec.layers[0].attention_out.weight.tensor);
  const std::vector<float> before = stored(model, "wo1");
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(out[i], before[i / 8 * 8 + kApart[i % 8]]) << i;
}

// One layer turns values, the other does not: two ways.
TEST(RotaryBeside, LayersMayDifferInValues) {
  const TinyModel model(kBeside + Changes{kValues[0]});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_EQ(spec_of(model).rotary.size(), 2U);
  EXPECT_TRUE(spec_of(model).rotary[0].values);
  EXPECT_FALSE(spec_of(model).rotary[1].values);
}

TEST(RotaryBeside, TheTableEndsTexts) {
  const TinyModel model(kBeside + Changes{{"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_EQ(spec_of(model).max_length, test::kTinyPositions);
}

TEST(RotaryBeside, WhatTurnsInAnotherWayIsNone) {
  const auto none = [](const Change& change) { expect_none(kBeside + Changes{change}, change.to); };
  const std::string first = "torch.slice(k1h, -1, 0, 9223372036854775807, 2)";
  const std::string second = "torch.slice(k1h, -1, 1, 9223372036854775807, 2)";
  none({"k1r = " + beside("k1h"), "k1r = k1h"});
  none({"k1r = " + beside("k1h"), "k1r = " + beside("k1h", "sn", "cs")});
  none({"torch.stack([torch.neg(" + second + "), " + first + "], -1)",
        "torch.stack([" + second + ", torch.neg(" + first + ")], -1)"});
  none({"torch.stack([torch.neg(" + second + "), " + first + "], -1)",
        "torch.stack([torch.neg(" + first + "), " + second + "], -1)"});
  none({"torch.stack([torch.neg(" + second + "), " + first + "], -1)",
        "torch.stack([torch.neg(" + second + "), " + first + "], -2)"});
  none({"torch.stack([torch.neg(" + second + "), " + first + "], -1)",
        "torch.stack([torch.neg(torch.slice(q1h, -1, 1, 9223372036854775807, 2)), " + first + "], -1)"});
  none({"torch.reshape_as(torch.stack([torch.neg(" + second + "), " + first + "], -1), k1h)",
        "torch.cat([torch.neg(torch.slice(k1h, -1, 2, 9223372036854775807)), torch.slice(k1h, -1, 0, 2)], -1)"});
  none({"torch.stack([si, si], -1)", "torch.stack([si, co], -1)"});
  none({"torch.stack([si, si], -1)", "torch.stack([si, si], -2)"});
  none({"torch.stack([si, si], -1)", "torch.stack([torch.neg(si), torch.neg(si)], -1)"});
  none({"torch.reshape_as(torch.stack([si, si], -1), rows)", "torch.cat([si, si], -1)"});
  none({"si, co, = torch.chunk(rows", "co, si, = torch.chunk(rows"});
  // Where nothing else counts positions.
  const Change no_table = {"torch.add(torch.add(x0, x1), x2)", "torch.add(x0, x1)"};
  for (const std::string where : {"torch.add(torch.arange(t), 1)", "torch.flip(torch.arange(t), [0])",
                                  "torch.clamp(torch.arange(t), None, 30)", "torch.zeros_like(torch.arange(t))"}) {
    none({"where = torch.arange(t)", "where = " + where});
    expect_none(kBeside + Changes{no_table, {"where = torch.arange(t)", "where = " + where}}, where);
  }
  none({"torch.embedding(angles, where)", "torch.mul(torch.embedding(angles, where), 2.)"});
  none({"sn = torch.reshape_as(torch.stack([si, si], -1), rows)",
        "other = torch.unsqueeze(torch.unsqueeze(torch.embedding(angles2, where), 0), 0)\n"
        "si2, co2, = torch.chunk(other, 2, -1)\nsn = torch.reshape_as(torch.stack([si2, si2], -1), rows)"});
  const auto none_of_values = [](const Change& change) { expect_none(kBeside + kValues + Changes{change}, change.to); };
  none_of_values({"v1r = " + beside("v1h"), "v1r = " + beside("v1h", "sn", "cs")});
  none_of_values({"v1r = " + beside("v1h"), "v1r = torch.mul(" + beside("v1h") + ", 2.)"});
  none_of_values({"v1r = " + beside("v1h"), "v1r = " + turned("v1h")});
  expect_none({{"c1 = torch.matmul(p1, v1h)",
                "rows = torch.unsqueeze(torch.unsqueeze(torch.embedding(angles, torch.arange(t)), 0), 0)\n"
                "si, co, = torch.chunk(rows, 2, -1)\nsn = torch.reshape_as(torch.stack([si, si], -1), rows)\n"
                "cs = torch.reshape_as(torch.stack([co, co], -1), rows)\nc1 = torch.matmul(p1, " +
                    beside("v1h") + ")"}},
              "values alone");
}

}  // namespace
}  // namespace bertrt::family
