#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "family/recognize.h"
#include "family/tiny_blocks.h"

// A convolution beside the first layer (DeBERTa-v2), and what is nearly so.
namespace bertrt::family {
namespace {

using namespace test;

TEST(ConvolvedInput, IsAddedToTheFirstLayer) {
  const TinyModel model(kConvolved);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const EncoderSpec& spec = model.reading().recognition->spec;
  EXPECT_EQ(spec.mask, MaskKind::pairs);
  EXPECT_EQ(spec.layers.size(), 2U);
  ASSERT_TRUE(spec.convolution);
  EXPECT_EQ(spec.convolution->weight.name, "wconv");
  EXPECT_EQ(spec.convolution->bias.name, "bconv");
  EXPECT_EQ(spec.convolution->activation, Activation::tanh);
  EXPECT_EQ(spec.convolution->norm.gamma.name, "g0");
  EXPECT_FLOAT_EQ(spec.convolution->norm.eps, 1e-7F);
}

TEST(ConvolvedInput, WhatIsNearlySoIsNot) {
  const auto none = [](const std::string& from, const std::string& to) {
    const TinyModel model(kConvolved + Changes{{from, to}});
    ASSERT_NE(model.trace().program, nullptr) << to << ": " << model.trace().not_graphable;
    EXPECT_FALSE(model.recognized()) << to;
    EXPECT_NE(model.reading().not_explained, "") << to;
  };
  none("torch.permute(h0, [0, 2, 1])", "torch.permute(l1, [0, 2, 1])");
  none("torch.permute(h0, [0, 2, 1])", "torch.flip(torch.permute(h0, [0, 2, 1]), [2])");
  none("torch.add(l1, ce)", "torch.add(a1, ce)");
  none("torch.add(l1, ce)", "torch.add(l1, ce, alpha=2)");
  none("torch.add(l1, ce)", "torch.sub(l1, ce)");
  none("torch.tanh(torch.masked_fill(", "torch.sigmoid(torch.masked_fill(");
  none("torch.expand_as(gone, co), 0)", "torch.expand_as(gone, co), 1)");
  none("torch.expand_as(gone, co), 0)", "torch.expand_as(torch.bitwise_not(gone), co), 0)");
  none("torch.masked_fill(co, torch.expand_as(gone, co), 0)", "co");
  none("h1 = torch.mul(cn, torch.to(torch.unsqueeze(attention_mask, 2), 6))", "h1 = cn");
  none("cv = torch._convolution(",
       "cv = torch.neg(torch._convolution(torch.zeros_like(torch.permute(h0, [0, 2, 1])), wconv, "
       "bconv, [1], [1], [1], False, [0], 2, False, False, True, True))\ncx = torch._convolution(");
  none("wconv, bconv, [1], [1], [1],", "wconv, bconv, [1], [2], [2],");
}

}  // namespace
}  // namespace bertrt::family
