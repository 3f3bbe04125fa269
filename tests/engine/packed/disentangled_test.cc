// DeBERTa's attention and convolution on the packed engine: long texts, company, slices, threads, spoilt specs.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/packed/made_spec.h"
#include "engine/packed/made_texts.h"
#include "engine/packed/packed_model.h"
#include "error_matchers.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {
namespace {

using family::EncoderSpec;
using testing::HasSubstr;

// No table of positions, so any length; as in v2's largest model, a convolution.
EncoderSpec deberta(SpecMaker& maker, std::size_t layers = 2) {
  EncoderSpec spec = maker.encoder();
  spec.embeddings.positions.reset();
  spec.embeddings.position_scheme = family::PositionScheme::none;
  maker.disentangle(spec, 8, 12);
  spec.convolution = {maker.weight({24, 24, 3}), maker.weight({24}), family::Activation::tanh, maker.norm(24, 0.1F)};
  spec.layers.resize(layers);
  return spec;
}

Encoding text_of(std::size_t length, unsigned seed) {
  std::mt19937 random(seed);
  Encoding text;
  for (std::size_t i = 0; i < length; ++i) {
    text.input_ids.push_back(static_cast<std::int32_t>(random() % 40));
    text.token_type_ids.push_back(static_cast<std::int32_t>(random() % 3));
    text.attention_mask.push_back(i > 0 && random() % 7 == 0 ? 0 : 1);
  }
  return text;
}

std::vector<Encoding> texts() {
  std::vector<Encoding> all;
  for (const std::size_t length : {1, 40, 3, 150, 2, 17, 64, 5})
    all.push_back(text_of(length, 10 + static_cast<unsigned>(length)));
  return all;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

TEST(Disentangled, ALongTextIsAsPlain) {
  SpecMaker maker(1);
  const EncoderSpec spec = deberta(maker);
  const Encoding text = text_of(261, 3);
  const PackedOutput got =
      PackedModel::pack(spec, {}, DType::fp32)->run(batch::make_batch({&text, 1}, {}), {.states = {1, 2}});
  const std::vector<PlainEncoder::Rows> want = PlainEncoder(spec).states(text);
  expect_near(got.states[0].text(0), want[1], "state 1");
  expect_near(got.states[1].text(0), want[2], "state 2");
}

TEST(Disentangled, CompanySlicesAndThreadsDoNotShow) {
  SpecMaker maker(2);
  const EncoderSpec spec = deberta(maker);
  const std::vector<Encoding> all = texts();
  const batch::Batch batch = batch::make_batch(all, {});
  for (const DType dtype : {DType::fp32, DType::int8}) {
    const PackedOutput whole = PackedModel::pack(spec, {}, dtype)->run(batch, {.states = {2}});
    for (std::size_t threads = 1; threads <= 3; ++threads) {
      kernels::ThreadPool pool(threads);
      for (const std::size_t tokens : {std::size_t{1}, std::size_t{60}}) {
        const PackedTuning tuning{.slice_tokens = tokens, .share_slice_tokens = tokens, .pool = &pool};
        const PackedOutput other = PackedModel::pack(spec, {}, dtype, tuning)->run(batch, {.states = {2}});
        EXPECT_EQ(copy(other.states[0].data()), copy(whole.states[0].data())) << threads << ", " << tokens;
      }
    }
    const auto model = PackedModel::pack(spec, {}, dtype);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const PackedOutput alone = model->run(batch::make_batch({&all[i], 1}, {}), {.states = {2}});
      EXPECT_EQ(copy(alone.states[0].text(0)), copy(whole.states[0].text(i))) << "text " << i;
    }
  }
}

TEST(Disentangled, RowsOfTheLastLayerAloneAreTheSame) {
  for (const std::size_t layers : {1, 2}) {
    SpecMaker maker(3);
    const EncoderSpec spec = deberta(maker, layers);
    const auto model = PackedModel::pack(spec, {}, DType::fp32);
    const batch::Batch batch = batch::make_batch(texts(), {});
    const PackedOutput whole = model->run(batch, {.states = {layers}});
    const std::vector<std::size_t> rows = {batch.total_tokens() - 1, 0, 7, 43};
    const PackedOutput some = model->run(batch, {.last_rows = rows});
    ASSERT_EQ(some.last_rows.rows, rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(copy(some.last_rows.row(i)), copy(whole.states[0].data().subspan(rows[i] * 24, 24))) << layers;
    }
  }
}

TEST(Disentangled, SpoiltSpecsAreRefused) {
  const struct {
    const char* message;
    std::function<void(EncoderSpec&, SpecMaker&)> spoil;
  } cases[] = {
      {"never descending", [](EncoderSpec& spec, SpecMaker&) { spec.disentangled->rows[3] = 0; }},
      {"never descending", [](EncoderSpec& spec, SpecMaker&) { spec.disentangled->rows.back() = 16; }},
      {"never descending", [](EncoderSpec& spec, SpecMaker&) { spec.disentangled->rows.pop_back(); }},
      {"never descending", [](EncoderSpec& spec, SpecMaker&) { spec.disentangled->rows.clear(); }},
      {"[16, 24]",
       [](EncoderSpec& spec, SpecMaker& maker) {
         spec.disentangled->table = maker.weight({16, 23});
       }},
      {"[24, 24]", [](EncoderSpec& spec, SpecMaker& maker) { spec.layers[1].position_key = maker.dense(24, 23); }},
      {"a table of the positions", [](EncoderSpec& spec, SpecMaker&) { spec.disentangled.reset(); }},
      {"another mask", [](EncoderSpec& spec, SpecMaker&) { spec.mask = family::MaskKind::keys; }},
      {"odd number of tokens",
       [](EncoderSpec& spec, SpecMaker& maker) {
         spec.convolution->weight = maker.weight({24, 24, 2});
       }},
      {"odd number of tokens",
       [](EncoderSpec& spec, SpecMaker& maker) {
         spec.convolution->weight = maker.weight({24, 7, 3});
       }},
  };
  for (const auto& one : cases) {
    SpecMaker maker(4);
    EncoderSpec spec = deberta(maker);
    one.spoil(spec, maker);
    EXPECT_THAT(thrown_by([&] { (void)PackedModel::pack(spec, {}, DType::fp32); }).what(), HasSubstr(one.message));
  }
}

}  // namespace
}  // namespace bertrt::engine::packed
