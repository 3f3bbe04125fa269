#include "proof/trace_proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "engine/graph/graph_engine.h"
#include "engine/graph/recognized_engine.h"
#include "family/tiny_model.h"
#include "proof/cases.h"

namespace bertrt::proof {
namespace {

using family::test::Change;
using family::test::TinyModel;

const std::vector<std::int32_t> kSpecial = {3, 4, 5};

// An engine whose answers somebody changes.
class Changed final : public engine::Engine {
 public:
  using Change = std::function<void(const batch::Batch&, EncoderOutput&)>;
  Changed(std::unique_ptr<const Engine> inner, Change change) : inner_(std::move(inner)), change_(std::move(change)) {}
  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    EncoderOutput output = inner_->run(batch, request);
    change_(batch, output);
    return output;
  }
  const engine::EngineFacts& facts() const noexcept override { return inner_->facts(); }

 private:
  std::unique_ptr<const Engine> inner_;
  Change change_;
};

TEST(TraceProof, BothEnginesAreEqualToThePlainEvaluation) {
  for (const bool thorough : {false, true}) {
    const TinyModel model({}, "(h2, pooled, torch.linear(h2, wc, bc), torch.add(h1, h2))");
    const TraceProof proof(model.shared(), kSpecial, true, thorough);
    EXPECT_EQ(proof.judge(*engine::graph::make_recognized_engine(model.shared(), {}), DType::fp32).objection,
              std::nullopt);
    const TraceProof outside(model.shared(), kSpecial, false, thorough);
    EXPECT_EQ(outside.judge(*engine::graph::make_graph_engine(model.shared(), {}), DType::fp32).objection,
              std::nullopt);
  }
}

// Whatever is recognized computes what the trace does: each of these is a number in the spec.
TEST(TraceProof, WhatTheSpecSaysIsWhatThePackedEngineComputes) {
  const std::vector<std::vector<Change>> variants = {
      {{"torch.gelu(torch.linear(a1, wi1, bi1))", "torch.gelu(torch.linear(a1, wi1, bi1), approximate=\"tanh\")"}},
      {{"torch.gelu(torch.linear(a2", "torch.relu(torch.linear(a2"}},
      {{"torch.gelu(torch.linear(a2", "torch.tanh(torch.linear(a2"}},
      {{"q1h = torch.permute(torch.view(q1,", "q1h = torch.permute(torch.view(torch.mul(q1, 0.25),"}},
      {{"scale=0.5", "scale=0.125"}},
      {{"gf1, be1, 1.0e-12", "gf1, be1, 1.0e-2"}},
      {{"g0, b0, 1.0e-12", "g0, b0, 0.5"}},
      {{"s1m = torch.add(s1, mask)", "s1m = torch.masked_fill(s1, torch.eq(seen, 0), -3.0e38)"}},
      {{"1, 0, t)", "1, 2, torch.add(t, 2))"}},
      {{"k2 = torch.linear(h1, wk2, bk2)", "k2 = torch.linear(h1, wk2)"}},
      {{"wv2, bv2", "wv1, bv1"}},
      family::test::with_bias(family::test::kDistance),
      {{"torch.embedding(types, token_type_ids)", "torch.embedding(types, torch.zeros_like(token_type_ids))"}},
      {{"torch.embedding(types, token_type_ids)", "torch.embedding(types, torch.ones_like(token_type_ids))"}},
  };
  for (const auto& changes : variants) {
    const TinyModel model(changes);
    ASSERT_TRUE(model.recognized()) << changes[0].to << ": " << model.reading().not_explained;
    const TraceProof proof(model.shared(), kSpecial, true, true);
    EXPECT_EQ(proof.judge(*engine::graph::make_recognized_engine(model.shared(), {}), DType::fp32).objection,
              std::nullopt)
        << changes[0].to;
  }
}

TEST(TraceProof, AChangeInAnyTextOrLayerIsNoticed) {
  const TinyModel model({}, "(h2, pooled)");
  const TraceProof proof(model.shared(), kSpecial, true, true);
  const std::function<void(const batch::Batch&, EncoderOutput&)> changes[] = {
      [](const batch::Batch&, EncoderOutput& output) { output.all_encoder_layers.pop_back(); },
      [](const batch::Batch&, EncoderOutput& output) { output.pooled_output.reset(); },
      [](const batch::Batch&, EncoderOutput& output) { output.pooled_output->data.back() += 1e-3F; },
      [](const batch::Batch&, EncoderOutput& output) {
        TokenRows& layer = output.all_encoder_layers.front();
        auto offsets =
            std::make_shared<const std::vector<std::size_t>>(layer.row_offsets().begin(), layer.row_offsets().end());
        const std::size_t width = layer.width();
        std::vector<float> data = std::move(layer).take();
        data.back() += 1e-3F;
        layer = TokenRows(std::move(offsets), width, std::move(data));
      },
      [](const batch::Batch& batch, EncoderOutput& output) {
        // Right for one text alone, wrong in a batch.
        if (batch.size() > 1) std::swap(output.pooled_output->data.front(), output.pooled_output->data.back());
      },
  };
  for (const auto& change : changes) {
    const Changed engine(engine::graph::make_recognized_engine(model.shared(), {}), change);
    EXPECT_TRUE(proof.judge(engine, DType::fp32).objection);
  }
}

// Layers that the trace itself does not give, but a session on the packed engine does.
TEST(TraceProof, AChangeInLayersInsideIsNoticed) {
  const TinyModel model({}, "torch.linear(pooled, wc, bc)");
  const TraceProof proof(model.shared(), kSpecial, true, false);
  const Changed engine(engine::graph::make_recognized_engine(model.shared(), {}),
                       [](const batch::Batch&, EncoderOutput& output) {
                         ASSERT_EQ(output.all_encoder_layers.size(), 2U);
                         std::swap(output.all_encoder_layers[0], output.all_encoder_layers[1]);
                       });
  EXPECT_TRUE(proof.judge(engine, DType::fp32).objection);
}

TEST(TraceProof, AnEngineThatFailsIsNoProof) {
  const TinyModel model;
  const TraceProof proof(model.shared(), kSpecial, true, false);
  const Changed engine(
      engine::graph::make_recognized_engine(model.shared(), {}),
      [](const batch::Batch&, EncoderOutput&) { throw Error(ErrorCode::runtime, "here", "an answer", "none"); });
  EXPECT_TRUE(proof.judge(engine, DType::fp32).objection);
}

// ---- the texts
// -------------------------------------------------------------------------------------------------------

std::multiset<std::size_t> lengths_of(const std::vector<Encoding>& cases) {
  std::multiset<std::size_t> lengths;
  for (const Encoding& text : cases) lengths.insert(text.input_ids.size());
  return lengths;
}

TEST(Cases, AThoroughProofHasEveryShortLengthAndTheLongest) {
  const TinyModel model;
  const auto lengths = lengths_of(make_cases(model.trace(), kSpecial, true));
  for (std::size_t length = 1; length <= 8; ++length) EXPECT_EQ(lengths.count(length), 1U) << length;
  EXPECT_EQ(lengths.count(family::test::kTinyPositions), 1U);
  EXPECT_EQ(*lengths.rbegin(), family::test::kTinyPositions);
  EXPECT_GE(lengths.size(), 12U);
}

// A short one, too, has what engines trip over.
TEST(Cases, HaveSpecialTokensPaddingBothTypesAndHiddenTokens) {
  const TinyModel model;
  for (const bool thorough : {false, true}) {
    std::set<std::int32_t> ids;
    std::set<std::int32_t> types;
    bool hole = false;
    bool tail = false;
    bool full = false;
    for (const Encoding& text : make_cases(model.trace(), kSpecial, thorough)) {
      ids.insert(text.input_ids.begin(), text.input_ids.end());
      types.insert(text.token_type_ids.begin(), text.token_type_ids.end());
      full = full || text.attention_mask.empty();
      const auto hidden = std::find(text.attention_mask.begin(), text.attention_mask.end(), 0);
      if (hidden == text.attention_mask.end()) continue;
      (std::find(hidden, text.attention_mask.end(), 1) == text.attention_mask.end() ? tail : hole) = true;
    }
    for (const std::int32_t special : kSpecial) EXPECT_TRUE(ids.contains(special));
    EXPECT_TRUE(ids.contains(static_cast<std::int32_t>(model.trace().padding_id)));
    EXPECT_EQ(types.size(), 2U);
    EXPECT_TRUE(hole);
    EXPECT_TRUE(full);
    EXPECT_EQ(tail, thorough);
  }
}

}  // namespace
}  // namespace bertrt::proof
