// A packed model against the plainest reading of its spec: each field decides what it says, and nothing else does.
#include "engine/packed/packed_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "engine/packed/encoder.h"
#include "engine/packed/head.h"
#include "engine/packed/made_spec.h"
#include "engine/packed/plain_encoder.h"

namespace bertrt::engine::packed {
namespace {

using family::Activation;
using family::EncoderSpec;
using family::HeadSpec;
using family::PositionScheme;

std::vector<Encoding> some_texts() {
  std::vector<Encoding> texts(3);
  texts[0].input_ids = {5, 6, 7, 1, 8, 9, 10};
  texts[0].token_type_ids = {0, 0, 1, 1, 1, 2, 2};
  texts[0].attention_mask = {1, 1, 0, 1, 1, 0, 1};
  texts[1].input_ids = {11};
  texts[2].input_ids = {1, 3, 39, 0, 4, 4, 12, 30, 31, 32, 33, 34, 35, 36, 1, 2, 20, 21, 22};
  return texts;
}

void expect_near(std::span<const float> got, const PlainEncoder::Rows& want, const std::string& what) {
  std::size_t at = 0;
  for (const std::vector<double>& row : want) {
    for (const double value : row) {
      ASSERT_LT(at, got.size()) << what;
      ASSERT_NEAR(got[at++], value, 2e-5) << what << ", value " << at;
    }
  }
  EXPECT_EQ(at, got.size()) << what;
}

PackedRequest every_state(const PackedModel& model) {
  PackedRequest request;
  for (std::size_t state = 0; state <= model.layers(); ++state) request.states.push_back(state);
  request.pooled = model.pooled() != 0;
  return request;
}

void expect_as_plain(const EncoderSpec& spec) {
  const auto model = PackedModel::pack(spec, {}, DType::fp32);
  const std::vector<Encoding> texts = some_texts();
  const PackedOutput got = model->run(batch::make_batch(texts, {}), every_state(*model));
  ASSERT_EQ(got.states.size(), spec.layers.size() + 1);
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const std::vector<PlainEncoder::Rows> want = PlainEncoder(spec).states(texts[text]);
    for (std::size_t state = 0; state < want.size(); ++state) {
      expect_near(got.states[state].text(text), want[state],
                  "text " + std::to_string(text) + ", state " + std::to_string(state));
    }
    if (got.pooled) expect_near(got.pooled->row(text), PlainEncoder(spec).pooled(want.back()), "pooled");
  }
}

struct Variant {
  const char* name;
  std::function<void(EncoderSpec&, SpecMaker&)> change;
};

class PackedSpec : public testing::TestWithParam<Variant> {};

TEST_P(PackedSpec, DecidesTheForwardPass) {
  SpecMaker maker(3);
  EncoderSpec spec = maker.encoder();
  GetParam().change(spec, maker);
  expect_as_plain(spec);
}

const Variant kVariants[] = {
    {"plain", [](EncoderSpec&, SpecMaker&) {}},
    {"no_mask", [](EncoderSpec& spec, SpecMaker&) { spec.mask = family::MaskKind::none; }},
    {"no_positions",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.embeddings.positions.reset();
       spec.embeddings.position_scheme = PositionScheme::none;
     }},
    {"first_position", [](EncoderSpec& spec, SpecMaker&) { spec.embeddings.first_position = 4; }},
    {"counted_positions",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.embeddings.position_scheme = PositionScheme::counted;
       spec.embeddings.padding_id = 1;
     }},
    {"no_types", [](EncoderSpec& spec, SpecMaker&) { spec.embeddings.types.reset(); }},
    {"fixed_type",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.embeddings.takes_types = false;
       spec.embeddings.fixed_type = 2;
     }},
    {"gelu_tanh_and_none",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.layers[0].activation = Activation::gelu_tanh;
       spec.layers[1].activation = Activation::none;
     }},
    {"pooler", [](EncoderSpec& spec, SpecMaker& maker) { spec.pooler = maker.dense(spec.hidden, spec.hidden); }},
    {"pooler_of_another_width", [](EncoderSpec& spec, SpecMaker& maker) { spec.pooler = maker.dense(7, spec.hidden); }},
    {"projection",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.embeddings = maker.encoder(10, 2).embeddings;
       spec.embeddings.projection = maker.dense(spec.hidden, 10);
     }},
    {"relative_bias",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.relative_bias = {maker.weight({12, 3}, 0, 1), 8, 10};  // more rows than buckets, as MPNet may have
     }},
    {"shared_layers", [](EncoderSpec& spec, SpecMaker&) { spec.layers.insert(spec.layers.end(), 3, spec.layers[1]); }},
};

INSTANTIATE_TEST_SUITE_P(Fields, PackedSpec, testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

// A recognizer hands out weights as a graph has them: turned, parts of a fused one, in halves.
TEST(PackedSpecWeights, AnyStridesGiveTheSameBits) {
  SpecMaker maker(4);
  const EncoderSpec spec = maker.encoder();
  EncoderSpec other = spec;
  for (family::LayerSpec& layer : other.layers) {
    const auto qkv = maker.fused({layer.query.weight, layer.key.weight, layer.value.weight});
    layer.query.weight = qkv[0];
    layer.key.weight = qkv[1];
    layer.value.weight = qkv[2];
    layer.ffn_in.weight = maker.transposed(layer.ffn_in.weight);
    layer.attention_out.weight = maker.transposed(layer.attention_out.weight);
    layer.ffn_norm.gamma = maker.fused({layer.ffn_norm.beta, layer.ffn_norm.gamma})[1];
  }
  other.embeddings.words = maker.transposed(other.embeddings.words);
  const batch::Batch batch = batch::make_batch(some_texts(), {});
  for (const DType dtype : {DType::fp32, DType::bf16, DType::int8}) {
    const auto a = PackedModel::pack(spec, {}, dtype)->run(batch, {.states = {2}});
    const auto b = PackedModel::pack(other, {}, dtype)->run(batch, {.states = {2}});
    const std::span<const float> left = a.states[0].data();
    const std::span<const float> right = b.states[0].data();
    EXPECT_TRUE(std::equal(left.begin(), left.end(), right.begin(), right.end()));
  }
}

TEST(PackedSpecWeights, AnyFloatingTypeGivesTheSameBits) {
  for (const auto type :
       {archive::ElementType::float16, archive::ElementType::bfloat16, archive::ElementType::float64}) {
    SCOPED_TRACE(archive::to_string(type));
    SpecMaker maker(11);
    EncoderSpec stored = maker.encoder();
    EncoderSpec wide = stored;
    const auto change = [&](family::Weight& narrow, family::Weight& same) {
      narrow = maker.as_type(narrow, type);
      same = maker.widened(narrow);
    };
    change(stored.embeddings.words, wide.embeddings.words);
    change(*stored.embeddings.positions, *wide.embeddings.positions);
    change(stored.layers[0].query.weight, wide.layers[0].query.weight);
    change(*stored.layers[0].query.bias, *wide.layers[0].query.bias);
    change(stored.layers[1].ffn_out.weight, wide.layers[1].ffn_out.weight);
    change(stored.layers[1].ffn_norm.gamma, wide.layers[1].ffn_norm.gamma);
    expect_as_plain(wide);
    const batch::Batch batch = batch::make_batch(some_texts(), {});
    const PackedOutput a = PackedModel::pack(stored, {}, DType::fp32)->run(batch, {.states = {2}});
    const PackedOutput b = PackedModel::pack(wide, {}, DType::fp32)->run(batch, {.states = {2}});
    const std::span<const float> left = a.states[0].data();
    const std::span<const float> right = b.states[0].data();
    EXPECT_TRUE(std::equal(left.begin(), left.end(), right.begin(), right.end()));
    // A table of halves is kept as it is.
    Packer packer(kernels::ThreadPool::serial());
    EXPECT_EQ(packer.table(stored.embeddings.words, 0, false)->halves(), type == archive::ElementType::float16);
    EXPECT_TRUE(packer.table(wide.embeddings.words, 0, true)->halves());
  }
}

TEST(PackedSpecWeights, ArePackedOnce) {
  SpecMaker maker(5);
  EncoderSpec spec = maker.encoder();
  spec.layers.push_back(spec.layers[1]);
  kernels::ThreadPool& pool = kernels::ThreadPool::serial();
  Packer packer(pool);
  const auto weights = prepare_encoder(spec, DType::fp32, packer);
  HeadSpec tied;
  tied.output.weight = spec.embeddings.words;
  const auto head = Head::prepare(tied, *weights, packer);
  EXPECT_TRUE(packer.has_table(spec.embeddings.words));
  EXPECT_EQ(packer.table(tied.output.weight, 0, false), weights->embeddings.words);
  packer.run();
  EXPECT_EQ(weights->layers[1].qkv, weights->layers[2].qkv);
  EXPECT_EQ(weights->layers[1].ffn_out, weights->layers[2].ffn_out);
  EXPECT_NE(weights->layers[0].qkv, weights->layers[2].qkv);
  // Only the bias differs: another layer.
  spec.layers[2].ffn_out.bias = maker.weight({24});
  const auto other = prepare_encoder(spec, DType::fp32, packer);
  packer.run();
  EXPECT_NE(other->layers[1].ffn_out, other->layers[2].ffn_out);
  EXPECT_EQ(other->layers[1].ffn_in, other->layers[2].ffn_in);
}

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
      {"vector", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_in.weight = m.weight({24}); }},
      {"bias", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_in.bias = m.weight({24}); }},
      {"norm", [](EncoderSpec& s, SpecMaker& m) { s.layers[0].ffn_norm = m.norm(23, 1e-5F); }},
      {"eps", [](EncoderSpec& s, SpecMaker&) { s.layers[0].ffn_norm.eps = NAN; }},
      {"scale", [](EncoderSpec& s, SpecMaker&) { s.layers[0].scale = INFINITY; }},
      {"types", [](EncoderSpec& s, SpecMaker& m) { s.embeddings.types = m.weight({2, 23}); }},
      {"type", [](EncoderSpec& s, SpecMaker&) { s.embeddings.fixed_type = 3; }},
      {"no table", [](EncoderSpec& s, SpecMaker&) { s.embeddings.positions.reset(); }},
      {"no scheme", [](EncoderSpec& s, SpecMaker&) { s.embeddings.position_scheme = PositionScheme::none; }},
      {"first position", [](EncoderSpec& s, SpecMaker&) { s.embeddings.first_position = 32; }},
      {"negative position", [](EncoderSpec& s, SpecMaker&) { s.embeddings.first_position = -1; }},
      {"reach", [](EncoderSpec& s, SpecMaker&) { s.max_length = 33; }},
      {"projection", [](EncoderSpec& s, SpecMaker& m) { s.embeddings.projection = m.dense(23, 24); }},
      {"pooler", [](EncoderSpec& s, SpecMaker& m) { s.pooler = m.dense(24, 23); }},
      {"bias table", [](EncoderSpec& s, SpecMaker& m) { s.relative_bias = {m.weight({31, 3}), 32, 128}; }},
      {"bias heads", [](EncoderSpec& s, SpecMaker& m) { s.relative_bias = {m.weight({32, 4}), 32, 128}; }},
      {"bias distance", [](EncoderSpec& s, SpecMaker& m) { s.relative_bias = {m.weight({32, 3}), 32, 8}; }},
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
  EXPECT_EQ(code_of([&] { model->run(batch::make_batch({&text, 1}, {}), {.states = {1}}); }),
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bertrt::engine::packed
