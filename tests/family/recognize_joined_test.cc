#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archive/tensor.h"
#include "family/recognize.h"
#include "family/tiny_blocks.h"

// Queries, keys and values that one layer makes, head after head, with biases of their own (DeBERTa); and what is
// nearly so.
namespace bertrt::family {
namespace {

using namespace test;

std::vector<float> stored(const TinyModel& model, const std::string& name) {
  for (const graph::Constant& constant : model.trace().program->constants) {
    if (constant.name == name) return graph::to_floats(*constant.value.tensor());
  }
  return {};
}

TEST(JoinedHeads, ArePutSideBySide) {
  const TinyModel model(kJoined);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const LayerSpec& layer = model.reading().recognition->spec.layers[0];
  const std::vector<float> all = stored(model, "w24");
  const Dense* parts[] = {&layer.query, &layer.key, &layer.value};
  for (std::size_t part = 0; part < 3; ++part) {
    ASSERT_EQ(parts[part]->out(), 8U);
    const std::vector<float> own = archive::to_float32(parts[part]->weight.tensor);
    for (std::size_t row = 0; row < 8; ++row) {
      const std::size_t from = row / 4 * 12 + part * 4 + row % 4;
      for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(own[row * 8 + i], all[from * 8 + i]) << part << ' ' << row;
    }
  }
  EXPECT_EQ(archive::to_float32(layer.query.bias->tensor), stored(model, "bq1"));
  EXPECT_FALSE(layer.key.bias);
  EXPECT_EQ(archive::to_float32(layer.value.bias->tensor), stored(model, "bv1"));
  EXPECT_EQ(archive::to_float32(model.reading().recognition->spec.layers[1].query.weight.tensor), stored(model, "wq2"));
}

TEST(JoinedHeads, MayHaveTheBiasOfTheJoinedLayer) {
  const TinyModel model(kJoined + Changes{{"torch.linear(h0, w24, None)", "torch.linear(h0, w24, b24)"},
                                          {"q1h = torch.add(qp, " + by_heads("bq1") + ")", "q1h = qp"},
                                          {"v1h = torch.add(vp, " + by_heads("bv1") + ")", "v1h = vp"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const LayerSpec& layer = model.reading().recognition->spec.layers[0];
  const std::vector<float> all = stored(model, "b24");
  const std::vector<float> key = archive::to_float32(layer.key.bias->tensor);
  ASSERT_EQ(key.size(), 8U);
  for (std::size_t row = 0; row < 8; ++row) EXPECT_EQ(key[row], all[row / 4 * 12 + 4 + row % 4]) << row;
}

TEST(JoinedHeads, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) {
    const TinyModel model(kJoined + Changes{change});
    ASSERT_NE(model.trace().program, nullptr) << change.to << ": " << model.trace().not_graphable;
    EXPECT_FALSE(model.recognized()) << change.to;
    EXPECT_NE(model.reading().not_explained, "") << change.to;
  };
  const std::string query = "q1h = torch.add(qp, " + by_heads("bq1") + ")";
  const std::string value = "v1h = torch.add(vp, " + by_heads("bv1") + ")";
  none({query, "q1h = torch.add(qp, " + by_heads("bq1") + ", alpha=2)"});
  none({query, "q1h = torch.add(qp, torch.flip(" + by_heads("bq1") + ", [1]))"});
  none({query, "q1h = torch.add(qp, torch.select(" + by_heads("bq1") + ", 1, 0))"});
  none({query, "q1h = torch.add(torch.mul(qp, 2.), " + by_heads("bq1") + ")"});
  none({query, "q1h = torch.add(torch.add(qp, " + by_heads("bq1") + "), " + by_heads("bk1") + ")"});
  none({query, "q1h = torch.sub(qp, " + by_heads("bq1") + ")"});
  none({query, "q1h = torch.flip(qp, [1])"});
  none({value, "v1h = torch.add(vp, torch.mul(" + by_heads("bv1") + ", 2.))"});
  none({value, "v1h = torch.permute(torch.view(v1, [b, t, 2, 4]), [0, 2, 1, 3])"});
  none({"k1h = kp", "k1h = torch.roll(kp, [1], [1])"});
  none({"[b, t, 2, 12]), [0, 2, 1, 3])", "[b, t, 12, 2]), [0, 3, 1, 2])"});
  // A bias beside that of the layer.
  none({"torch.linear(h0, w24, None)", "torch.linear(h0, w24, b24)"});
}

}  // namespace
}  // namespace bertrt::family
