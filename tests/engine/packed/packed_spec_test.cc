// A packed model against the plainest reading of its spec: each field decides what it says, and nothing else does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/packed/encoder_weights.h"
#include "engine/packed/head.h"
#include "engine/packed/made_spec.h"
#include "engine/packed/made_texts.h"
#include "engine/packed/packed_model.h"
#include "family/relative_buckets.h"

namespace bertrt::engine::packed {
namespace {

using family::Activation;
using family::EncoderSpec;
using family::HeadSpec;
using family::PositionScheme;

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
    {"disentangled", [](EncoderSpec& spec, SpecMaker& maker) { maker.disentangle(spec, 9, 0); }},
    {"disentangled_in_buckets",
     [](EncoderSpec& spec, SpecMaker& maker) {
       maker.disentangle(spec, 8, 12);
       spec.disentangled->norm = maker.norm(spec.hidden, 0.1F);
       spec.layers[1].position_key.reset();
     }},
    {"disentangled_by_queries_alone",
     [](EncoderSpec& spec, SpecMaker& maker) {
       maker.disentangle(spec, 40, 0);
       spec.layers[0].position_query.reset();
       spec.layers[1].position_key.reset();
       spec.layers[1].position_query.reset();
     }},
    {"mask_of_pairs", [](EncoderSpec& spec, SpecMaker&) { spec.mask = family::MaskKind::pairs; }},
    {"convolution",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.mask = family::MaskKind::pairs;
       spec.convolution = {maker.weight({24, 8, 5}), maker.weight({24}), Activation::gelu_erf, maker.norm(24, 0.1F)};
     }},
    {"norm_behind_the_projection",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.embeddings.words = maker.weight({40, 10});
       spec.embeddings.positions = maker.weight({32, 10});
       spec.embeddings.types = maker.weight({3, 10});
       spec.embeddings.projection = maker.dense(24, 10, false);
       spec.embeddings.norm_last = true;
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
       spec.relative_bias = family::RelativeBiasSpec{
           maker.weight({12, 3}, 0, 1), family::relative_rows(64, 8, 10)};  // more rows than buckets, as MPNet may have
     }},
    {"norm_first",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.norm_first = true;
       spec.layers[0].attention_norm.reset();
       spec.layers[1].ffn_norm.beta.reset();
       spec.final_norm = maker.norm(spec.hidden, 0.3F);
     }},
    {"norm_first_and_nothing_behind", [](EncoderSpec& spec, SpecMaker&) { spec.norm_first = true; }},
    {"norms_in_front_and_behind",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.norm_first = true;
       spec.layers[0].attention_out_norm = maker.norm(spec.hidden, 0.2F);
       spec.layers[1].attention_out_norm = maker.norm(spec.hidden, 0.1F);
       spec.layers[1].ffn_out_norm = maker.norm(spec.hidden, 0.4F);
     }},
    {"norms_of_each_head",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].query_norm = maker.norm(spec.head_size(), 0.1F);
       spec.layers[1].key_norm = maker.norm(spec.head_size(), 0.2F);
       spec.layers[1].key_norm->beta.reset();
       spec.layers[1].key_norm->centred = false;
     }},
    {"causal", [](EncoderSpec& spec, SpecMaker&) { spec.causal = true; }},
    {"heads_of_their_own_size",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.head = 16;  // 48 in all, where the layers are 24 wide
       for (family::LayerSpec& layer : spec.layers) {
         layer.query = maker.dense(48, 24);
         layer.key = maker.dense(48, 24, false);
         layer.value = maker.dense(48, 24);
         layer.attention_out = maker.dense(24, 48);
       }
       spec.rotary = {{{1.0F, 0.1F}}};
       spec.layers[0].query_norm = maker.norm(16, 0.1F);
       spec.layers[1].key_norm = maker.norm(48, 0.1F);
     }},
    {"small_heads",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.head = 2;
       spec.causal = true;
       spec.norm_first = true;
       for (family::LayerSpec& layer : spec.layers) {
         layer.query = maker.dense(6, 24);
         layer.key = maker.dense(6, 24, false);
         layer.value = maker.dense(6, 24);
         layer.attention_out = maker.dense(24, 6);
       }
     }},
    {"scaled_words", [](EncoderSpec& spec, SpecMaker&) { spec.embeddings.scale = 4.9F; }},
    {"rms_norms",
     [](EncoderSpec& spec, SpecMaker&) {
       for (family::LayerSpec& layer : spec.layers) {
         layer.attention_norm->beta.reset();
         layer.attention_norm->centred = false;
         layer.ffn_norm.beta.reset();
         layer.ffn_norm.centred = false;
       }
     }},
    {"no_embedding_norm", [](EncoderSpec& spec, SpecMaker&) { spec.embeddings.norm.reset(); }},
    {"gated_feed_forward",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].activation = Activation::silu;
       spec.layers[0].ffn_gate = maker.dense(2 * spec.hidden, spec.hidden);
       spec.layers[1].ffn_gate = maker.dense(spec.hidden + 5, spec.hidden, false);
     }},
    {"experts",
     [](EncoderSpec& spec, SpecMaker& maker) {
       maker.give_experts(spec.layers[0], spec.hidden, 5, 2);
       maker.give_experts(spec.layers[1], spec.hidden, 3, 3);
     }},
    {"experts_where_norms_come_first",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.norm_first = true;
       maker.give_experts(spec.layers[1], spec.hidden, 4, 1);
     }},
    {"rotary",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.rotary = {{{1.0F, 0.3F, 0.1F, 0.02F}}, {{0.5F, 0.25F, 0.01F}, 1.5F}};  // all of a head, and a part of it
       spec.layers[1].rotary = 1;
     }},
    {"rotary_whose_base_grows",
     [](EncoderSpec& spec, SpecMaker&) {
       family::RotarySpec grows{{1.0F, 0.1F, 0.01F}};
       grows.growth = family::RotaryGrowth{4, 1000, 3};
       spec.rotary = {grows, {{0.2F}}};
       spec.layers[1].rotary = 1;
     }},
    {"rotary_in_one_layer",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.rotary = {{{1.0F, 0.1F}}};
       spec.layers[0].rotary = 1;  // as many as there are: none
     }},
    {"rotary_of_a_table_and_values",
     [](EncoderSpec& spec, SpecMaker&) {
       family::RotarySpec turned{{1.0F, 0.3F}};
       for (int i = 0; i < 32 * 4; ++i) turned.table.push_back(std::sin(0.7F * static_cast<float>(i)));
       turned.values = true;
       spec.rotary = {turned, {{0.2F}}};
       spec.layers[1].rotary = 1;
     }},
    {"slopes",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.slopes = {0.5F, 0.0F, 0.031F};
     }},
    {"distances",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].distances = family::DistanceSpec{maker.weight({63, 8}), true, 0.4F};
       spec.layers[1].distances = family::DistanceSpec{maker.weight({63, 8}), false, 0.7F};
     }},
    {"distances_in_one_layer",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[1].distances = family::DistanceSpec{maker.weight({65, 8}), true, 1.0F};
     }},
    {"norms_of_queries_and_keys",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].query_norm = maker.norm(spec.hidden, 0.1F);
       spec.layers[1].key_norm = maker.norm(spec.hidden, 0.2F);
       spec.layers[1].second_norm = maker.norm(spec.hidden, 0.3F);
     }},
    {"dropped_token",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.embeddings.dropped = family::DroppedToken{1, 0.88F};
       spec.embeddings.zero_masked = true;
     }},
    {"window", [](EncoderSpec& spec, SpecMaker&) { spec.layers[1].window = 2; }},
    {"window_as_wide_as_the_text", [](EncoderSpec& spec, SpecMaker&) { spec.layers[0].window = 31; }},
    {"shared_layers", [](EncoderSpec& spec, SpecMaker&) { spec.layers.insert(spec.layers.end(), 3, spec.layers[1]); }},
};

INSTANTIATE_TEST_SUITE_P(Fields, PackedSpec, testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

// A short text, and one of several blocks of queries with two tokens masked, against the plain forward pass.
void expect_plain_over_blocks(const EncoderSpec& spec) {
  Encoding text;
  for (int i = 0; i < 270; ++i) text.input_ids.push_back(3 + i * 7 % 31);
  text.attention_mask.assign(text.input_ids.size(), 1);
  text.attention_mask[130] = text.attention_mask[200] = 0;
  // Tokens of which some see no key through a window of seven.
  std::fill(text.attention_mask.begin() + 60, text.attention_mask.begin() + 90, 0);
  Encoding small;
  small.input_ids = {4, 5, 6};
  const std::vector<Encoding> texts = {small, text};
  const auto model = PackedModel::pack(spec, {}, DType::fp32);
  const PackedOutput got = model->run(batch::make_batch(texts, {}), every_state(*model));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<PlainEncoder::Rows> want = PlainEncoder(spec).states(texts[i]);
    expect_near(got.states[2].text(i), want[2], "text " + std::to_string(i));
  }
}

EncoderSpec rotary_spec(SpecMaker& maker) {
  EncoderSpec spec = maker.encoder(16, 2);
  spec.embeddings.positions.reset();
  spec.embeddings.position_scheme = PositionScheme::none;
  spec.rotary = {{{1.0F, 0.1F}}};
  return spec;
}

// Of each block, the keys are those of the block and of its neighbours.
TEST(PackedSpecWindow, OfTextsLongerThanABlock) {
  SpecMaker maker(5);
  EncoderSpec spec = rotary_spec(maker);
  spec.layers[0].window = 7;
  spec.layers[1].window = 40;
  expect_plain_over_blocks(spec);
}

// Each block sees the keys up to its end.
TEST(PackedSpecCausal, OfTextsLongerThanABlock) {
  SpecMaker maker(6);
  EncoderSpec spec = rotary_spec(maker);
  spec.causal = true;
  expect_plain_over_blocks(spec);
}

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
    layer.ffn_norm.gamma = maker.fused({*layer.ffn_norm.beta, layer.ffn_norm.gamma})[1];
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
    EXPECT_EQ(packer.table(stored.embeddings.words, 0, RowFormat::fp32)->format() == RowFormat::fp16,
              type == archive::ElementType::float16);
    EXPECT_EQ(packer.table(wide.embeddings.words, 0, RowFormat::fp16)->format(), RowFormat::fp16);
  }
}

TEST(PackedSpecWeights, ArePackedOnce) {
  SpecMaker maker(5);
  EncoderSpec spec = maker.encoder();
  spec.layers.push_back(spec.layers[1]);
  kernels::ThreadPool& pool = kernels::ThreadPool::serial();
  Packer packer(pool);
  const auto weights = prepare_encoder(spec, DType::fp32, false, packer);
  HeadSpec tied;
  tied.output.weight = spec.embeddings.words;
  const auto head = Head::prepare(tied, *weights, packer);
  EXPECT_TRUE(packer.has_table(spec.embeddings.words));
  EXPECT_EQ(packer.table(tied.output.weight, 0, RowFormat::fp32), weights->embeddings.words);
  packer.run();
  EXPECT_EQ(weights->layers[1].qkv, weights->layers[2].qkv);
  EXPECT_EQ(weights->layers[1].ffn_out, weights->layers[2].ffn_out);
  EXPECT_NE(weights->layers[0].qkv, weights->layers[2].qkv);
  // Parts of one storage are different weights.
  const auto parts = maker.fused({spec.layers[0].attention_out.weight, spec.layers[1].attention_out.weight});
  spec.layers[0].attention_out = {parts[0]};
  spec.layers[1].attention_out = {parts[1]};
  const auto fused = prepare_encoder(spec, DType::fp32, false, packer);
  packer.run();
  EXPECT_NE(fused->layers[0].attention_out, fused->layers[1].attention_out);
  // Only the bias differs: another layer.
  spec.layers[2].ffn_out.bias = maker.weight({24});
  const auto other = prepare_encoder(spec, DType::fp32, false, packer);
  packer.run();
  EXPECT_NE(other->layers[1].ffn_out, other->layers[2].ffn_out);
  EXPECT_EQ(other->layers[1].ffn_in, other->layers[2].ffn_in);
}

}  // namespace
}  // namespace bertrt::engine::packed
