#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/recognize.h"
#include "family/tiny_blocks.h"

// Queries and keys that are normed, and tokens that see those before them alone; and what is nearly so.
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

// ---- normed
// ----------------------------------------------------------------------------------------------------------

TEST(NormedHeads, AreKnownOfEachHead) {
  const TinyModel model(Changes{kQuery, kKey});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const LayerSpec& layer = spec_of(model).layers[0];
  ASSERT_TRUE(layer.query_norm && layer.key_norm);
  EXPECT_EQ(layer.query_norm->gamma.name, "gh");
  EXPECT_FALSE(layer.key_norm->centred);
  EXPECT_FLOAT_EQ(layer.key_norm->eps, 1e-3F);
  EXPECT_FALSE(spec_of(model).layers[1].query_norm);
}

TEST(NormedHeads, AreKnownOfAllHeadsAsOneRow) {
  const TinyModel model(Changes{{"q1h = torch.permute(torch.view(q1,",
                                 "q1h = torch.permute(torch.view(torch.layer_norm(q1, [8], ga1, ba1, 1.0e-12),"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  ASSERT_TRUE(spec_of(model).layers[0].query_norm);
  EXPECT_EQ(spec_of(model).layers[0].query_norm->gamma.name, "ga1");
  EXPECT_FALSE(spec_of(model).layers[0].key_norm);
}

TEST(NormedHeads, WhatIsNearlySoIsNot) {
  const auto none = [](const Change& change) { expect_none({kQuery, kKey, change}, change.to); };
  none({"v1h = torch.permute(torch.view(v1, [b, t, 2, 4]), [0, 2, 1, 3])",
        "v1v = torch.permute(torch.view(v1, [b, t, 2, 4]), [0, 2, 1, 3])\nv1h = " + rms("v1v")});
  none({"q1v = torch.view(q1, [b, t, 2, 4])", "q1v = torch.mul(torch.view(q1, [b, t, 2, 4]), 2.)"});
  none({"q1v = torch.view(q1, [b, t, 2, 4])", "q1v = torch.flip(torch.view(q1, [b, t, 2, 4]), [2])"});
  none({"q1v = torch.view(q1, [b, t, 2, 4])",
        "q1v = torch.view(torch.layer_norm(q1, [8], ga1, ba1, 1.0e-3), [b, t, 2, 4])"});
  none({"torch.mean(torch.pow(q1v, 2), [-1], True)", "torch.mean(torch.pow(q1v, 2), [1], True)"});
  none({"torch.mean(torch.pow(q1v, 2), [-1], True)", "torch.mean(torch.pow(torch.add(q1v, 1.), 2), [-1], True)"});
  none({"k1h = " + rms("k1v"), "k1h = torch.roll(" + rms("k1v") + ", [1], [2])"});
}

// ---- causal
// ----------------------------------------------------------------------------------------------------------

TEST(Causal, MasksAreKnown) {
  const TinyModel model(hidden(kLater));
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_TRUE(spec_of(model).causal);
  EXPECT_EQ(spec_of(model).mask, MaskKind::keys);
  EXPECT_FALSE(spec_of(TinyModel()).causal);
}

TEST(Causal, ArgumentsAreKnown) {
  const TinyModel model(hidden(kLater) +
                        Changes{{"torch.add(s1, torch.add(mask, tri))", "torch.add(s1, tri)"},
                                {"k2h, v2h, torch.add(mask, tri), 0., False", "k2h, v2h, None, 0., True"}});
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  EXPECT_TRUE(spec_of(model).causal);
  EXPECT_EQ(spec_of(model).mask, MaskKind::none);
}

TEST(Causal, WhatIsNearlySoIsNot) {
  for (const std::string& far : std::vector<std::string>{
           "torch.ge(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1))",
           "torch.lt(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1))",
           "torch.gt(torch.unsqueeze(r, 0), torch.add(torch.unsqueeze(r, 1), 1))",
           "torch.__and__(" + kLater + ", torch.gt(torch.unsqueeze(r, 0), 20))",
           "torch.__or__(" + kLater + ", torch.lt(torch.unsqueeze(r, 0), torch.sub(torch.unsqueeze(r, 1), 4)))"}) {
    expect_none(hidden(far), far);
  }
  expect_none(hidden(kLater) + Changes{{"torch.to(far, 6), -10000.)", "torch.to(far, 6), -10.)"}}, "weak");
  expect_none({hidden(kLater)[0], hidden(kLater)[1]}, "one layer");
  expect_none(hidden(kLater) + Changes{{"torch.add(mask, tri), 0., False", "torch.add(mask, tri), 0., True"},
                                       {"torch.add(s1, torch.add(mask, tri))", "torch.add(s1, mask)"}},
              "one layer, twice");
}

}  // namespace
}  // namespace bertrt::family
