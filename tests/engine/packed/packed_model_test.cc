// What a packed model can be asked for, and what it refuses: requests, and specs that do not fit.
#include "engine/packed/packed_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "engine/packed/made_spec.h"
#include "engine/packed/made_texts.h"
#include "family/relative_buckets.h"

namespace bertrt::engine::packed {
namespace {

using family::Activation;
using family::EncoderSpec;
using family::HeadSpec;
using family::PositionScheme;

class PackedHeadsOfSpecs : public testing::Test {
 protected:
  PackedHeadsOfSpecs() {
    spec_.pooler = maker_.dense(24, 24);
    HeadSpec tied{.dense = maker_.dense(24, 24),
                  .activation = Activation::gelu_tanh,
                  .norm = maker_.norm(24, 0.3F),
                  .output = {spec_.embeddings.words, maker_.weight({40})}};
    HeadSpec text{.reads = HeadSpec::Reads::first_token, .output = maker_.dense(3, 24)};
    HeadSpec pooled{.reads = HeadSpec::Reads::pooled, .norm = maker_.norm(24, 0.1F), .output = maker_.dense(2, 24)};
    HeadSpec spans{.output = maker_.dense(2, 24, false)};
    heads_ = {tied, text, pooled, spans};
    model_ = PackedModel::pack(spec_, heads_, DType::fp32);
    for (const Encoding& text_of : texts_) {
      states_.push_back(PlainEncoder(spec_).states(text_of));
      last_.insert(last_.end(), states_.back().back().begin(), states_.back().back().end());
    }
  }
  PlainEncoder::Rows rows(const std::vector<std::size_t>& numbers) const {
    PlainEncoder::Rows result;
    for (const std::size_t number : numbers) result.push_back(last_[number]);
    return result;
  }

  SpecMaker maker_{6};
  EncoderSpec spec_ = maker_.encoder();
  std::vector<HeadSpec> heads_;
  std::unique_ptr<const PackedModel> model_;
  std::vector<Encoding> texts_ = some_texts();
  batch::Batch batch_ = batch::make_batch(texts_, {});
  std::vector<std::vector<PlainEncoder::Rows>> states_;
  PlainEncoder::Rows last_;
};

TEST_F(PackedHeadsOfSpecs, SeveralAtOnceOnTheRowsThatAreWanted) {
  const std::vector<std::size_t> some = {26, 0, 9, 9};
  const std::vector<std::size_t> own = {12, 3};
  for (const std::vector<std::size_t>& states : {std::vector<std::size_t>{}, {1}, {0, 2}, {2}}) {
    PackedRequest request{.states = states, .last_rows = own};
    request.heads = {{2, {}}, {0, some}, {1, {}}, {3, own}};
    const PackedOutput got = model_->run(batch_, request);
    ASSERT_EQ(got.heads.size(), 4U);
    EXPECT_FALSE(got.pooled.has_value());
    PlainEncoder::Rows pooled;
    for (const auto& text : states_) pooled.push_back(PlainEncoder(spec_).pooled(text.back())[0]);
    expect_near(got.heads[0].data, PlainEncoder::head(heads_[2], pooled), "pooled");
    expect_near(got.heads[1].data, PlainEncoder::head(heads_[0], rows(some)), "tied");
    expect_near(got.heads[2].data, PlainEncoder::head(heads_[1], rows({0, 7, 8})), "first tokens");
    expect_near(got.heads[3].data, PlainEncoder::head(heads_[3], rows(own)), "spans");
    expect_near(got.last_rows.data, rows(own), "rows");
    ASSERT_EQ(got.states.size(), states.size());
    for (std::size_t i = 0; i < states.size(); ++i) expect_near(got.states[i].text(2), states_[2][states[i]], "state");
  }
}

TEST_F(PackedHeadsOfSpecs, AllRowsUnlessSomeAreNamed) {
  PackedRequest request;
  request.heads = {{3, {}}, {0, std::span<const std::size_t>()}};
  const PackedOutput got = model_->run(batch_, request);
  expect_near(got.heads[0].data, PlainEncoder::head(heads_[3], last_), "all");
  EXPECT_EQ(got.heads[1].rows, 0U);
}

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::io;
}

TEST_F(PackedHeadsOfSpecs, RequestsThatCannotBe) {
  const std::vector<std::size_t> outside = {27};
  const std::vector<std::size_t> inside = {0};
  const auto code = [&](const PackedRequest& request) { return code_of([&] { model_->run(batch_, request); }); };
  EXPECT_EQ(code({.states = {3}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.states = {1, 1}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.states = {}, .last_rows = outside}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.states = {}, .heads = {{4, {}}}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.states = {}, .heads = {{0, outside}}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.states = {}, .heads = {{1, inside}}}), ErrorCode::invalid_argument);
  spec_.pooler.reset();
  const auto without = PackedModel::pack(spec_, {}, DType::fp32);
  EXPECT_EQ(code_of([&] { without->run(batch_, {.states = {}, .pooled = true}); }), ErrorCode::unsupported);
  spec_.max_length = 18;
  const auto shorter = PackedModel::pack(spec_, {}, DType::fp32);
  EXPECT_EQ(code_of([&] { shorter->run(batch_, {.states = {1}}); }), ErrorCode::input_too_long);
}

TEST(PackedSpecErrors, SpecsThatDoNotFit) {
  const std::pair<const char*, std::function<void(EncoderSpec&, SpecMaker&)>> wrong[] = {
      {"heads", [](EncoderSpec& s, SpecMaker&) { s.heads = 5; }},
      {"no heads", [](EncoderSpec& s, SpecMaker&) { s.heads = 0; }},
      {"no layers", [](EncoderSpec& s, SpecMaker&) { s.layers.clear(); }},
      {"hidden", [](EncoderSpec& s, SpecMaker&) { s.hidden = 48; }},
      {"query", [](EncoderSpec& s, SpecMaker& m) { s.layers[1].query = m.dense(24, 23); }},
      {"value", [](EncoderSpec& s, SpecMaker& m) { s.layers[1].value = m.dense(23, 24); }},
      {"ffn", [](EncoderSpec& s, SpecMaker& m) { s.layers[1].ffn_out = m.dense(24, 24); }},
      {"no experts",
       [](EncoderSpec& s, SpecMaker&) { s.layers[0].experts.emplace().bias = s.layers[0].ffn_norm.gamma; }},
      {"chosen", [](EncoderSpec& s, SpecMaker& m) { m.give_experts(s.layers[0], 24, 3, 4); }},
      {"router",
       [](EncoderSpec& s, SpecMaker& m) {
         m.give_experts(s.layers[0], 24, 3, 1);
         s.layers[0].experts->experts.pop_back();
       }},
      {"expert",
       [](EncoderSpec& s, SpecMaker& m) {
         m.give_experts(s.layers[0], 24, 3, 1);
         s.layers[0].experts->experts[1].in = m.dense(24, 24);
       }},
      {"vector", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_in.weight = m.weight({24}); }},
      {"bias", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_in.bias = m.weight({24}); }},
      {"norm", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_norm = m.norm(23, 1e-5F); }},
      {"eps", [](EncoderSpec& s, SpecMaker&) { s.layers[0].ffn_norm.eps = NAN; }},
      {"scale of words", [](EncoderSpec& s, SpecMaker&) { s.embeddings.scale = NAN; }},
      {"causal window",
       [](EncoderSpec& s, SpecMaker&) {
         s.causal = true;
         s.layers[0].window = 3;
       }},
      {"causal slopes",
       [](EncoderSpec& s, SpecMaker&) {
         s.causal = true;
         s.slopes = {1, 1, 1};
       }},
      {"another head size", [](EncoderSpec& s, SpecMaker&) { s.head = 16; }},
      {"query norm", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].query_norm = m.norm(12, 0.1F); }},
      {"scale", [](EncoderSpec& s, SpecMaker&) { s.layers[0].scale = INFINITY; }},
      {"types",
       [](EncoderSpec& s, SpecMaker& m) {
         s.embeddings.types = m.weight({2, 23});
       }},
      {"type", [](EncoderSpec& s, SpecMaker&) { s.embeddings.fixed_type = 3; }},
      {"no table", [](EncoderSpec& s, SpecMaker&) { s.embeddings.positions.reset(); }},
      {"no scheme", [](EncoderSpec& s, SpecMaker&) { s.embeddings.position_scheme = PositionScheme::none; }},
      {"first position", [](EncoderSpec& s, SpecMaker&) { s.embeddings.first_position = 32; }},
      {"negative position", [](EncoderSpec& s, SpecMaker&) { s.embeddings.first_position = -1; }},
      {"reach", [](EncoderSpec& s, SpecMaker&) { s.max_length = 33; }},
      {"projection", [](EncoderSpec& s, SpecMaker& m) { s.embeddings.projection = m.dense(23, 24); }},
      {"pooler", [](EncoderSpec& s, SpecMaker& m) { s.pooler = m.dense(24, 23); }},
      {"bias table",
       [](EncoderSpec& s, SpecMaker& m) {
         s.relative_bias = family::RelativeBiasSpec{m.weight({20, 3}), family::relative_rows(64, 32, 128)};
       }},
      {"bias heads",
       [](EncoderSpec& s,
          SpecMaker&
              m) { s.relative_bias = family::RelativeBiasSpec{m.weight({32, 4}), family::relative_rows(64, 32, 128)}; }},
      {"bias distance",
       [](EncoderSpec& s,
          SpecMaker&
              m) { s.relative_bias = family::RelativeBiasSpec{m.weight({32, 3}), family::relative_rows(4, 32, 128)}; }},
  };
  for (const auto& [what, change] : wrong) {
    SCOPED_TRACE(what);
    SpecMaker maker(7);
    EncoderSpec spec = maker.encoder();
    change(spec, maker);
    EXPECT_EQ(code_of([&] { PackedModel::pack(spec, {}, DType::fp32); }), ErrorCode::model_mismatch);
  }
  SpecMaker maker(8);
  EncoderSpec integers = maker.encoder();
  integers.layers[0].query.weight.tensor.type = archive::ElementType::int32;
  EXPECT_EQ(code_of([&] { PackedModel::pack(integers, {}, DType::fp32); }), ErrorCode::unsupported);
  const HeadSpec pooled[] = {{.reads = HeadSpec::Reads::pooled, .output = maker.dense(2, 24)}};
  EXPECT_EQ(code_of([&] { PackedModel::pack(maker.encoder(), pooled, DType::fp32); }), ErrorCode::model_mismatch);
  const HeadSpec wide[] = {{.output = maker.dense(2, 25)}};
  EXPECT_EQ(code_of([&] { PackedModel::pack(maker.encoder(), wide, DType::fp32); }), ErrorCode::model_mismatch);
}

TEST(PackedSpecErrors, PositionsThatNothingReads) {
  SpecMaker maker(9);
  EncoderSpec spec = maker.encoder();
  spec.embeddings.positions.reset();
  spec.embeddings.position_scheme = PositionScheme::none;
  const auto model = PackedModel::pack(spec, {}, DType::fp32);
  EXPECT_EQ(model->max_length(), 0U);
  Encoding text;
  text.input_ids = {3, 4};
  text.position_ids = {0, 1};
  EXPECT_EQ(code_of([&] {
              model->run(batch::make_batch({&text, 1}, {}), {.states = {1}});
            }),
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bertrt::engine::packed
