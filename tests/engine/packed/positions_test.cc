// Positions inside attention: what does not fit is refused, and a text's answer depends on the text alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/packed/made_spec.h"
#include "engine/packed/made_texts.h"
#include "engine/packed/packed_model.h"
#include "error_matchers.h"
#include "family/relative_buckets.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {
namespace {

using family::EncoderSpec;
using testing::HasSubstr;

struct Spoilt {
  const char* name;
  const char* message;
  std::function<void(EncoderSpec&, SpecMaker&)> change;
};

const Spoilt kSpoilt[] = {
    {"a_slope_is_missing", "slope for each of the heads", [](EncoderSpec& spec, SpecMaker&) { spec.slopes = {0.5F}; }},
    {"a_slope_is_no_number", "slope for each of the heads",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.slopes = {0.5F, NAN, 0.1F};
     }},
    {"slopes_and_a_bias", "one way of positions",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.slopes = {1, 1, 1};
       spec.relative_bias = family::RelativeBiasSpec{maker.weight({12, 3}), family::relative_rows(64, 8, 10)};
     }},
    {"slopes_and_a_window", "no windows",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.slopes = {1, 1, 1};
       spec.layers[0].window = 2;
     }},
    {"distances_too_few", "a row for each distance",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].distances = family::DistanceSpec{maker.weight({61, 8})};
     }},
    {"an_even_number_of_distances", "a row for each distance",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].distances = family::DistanceSpec{maker.weight({64, 8})};
     }},
    {"distances_of_another_width", "[63, 8]",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].distances = family::DistanceSpec{maker.weight({63, 7})};
     }},
    {"layers_of_other_distances", "as many distances",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.layers[0].distances = family::DistanceSpec{maker.weight({63, 8})};
       spec.layers[1].distances = family::DistanceSpec{maker.weight({65, 8})};
     }},
    {"no_longest_text", "within texts of 0 tokens",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.embeddings.positions.reset();
       spec.embeddings.position_scheme = family::PositionScheme::none;
       spec.layers[0].distances = family::DistanceSpec{maker.weight({63, 8})};
     }},
    {"angles_too_few", "angles of all positions",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.rotary = {{{1.0F}, 1, std::vector<float>(62)}};
     }},
    {"half_an_angle", "rotary frequencies",
     [](EncoderSpec& spec, SpecMaker&) {
       spec.rotary = {{{1.0F}, 1, std::vector<float>(65)}};
     }},
    {"a_second_norm_where_norms_come_first", "second norm",
     [](EncoderSpec& spec, SpecMaker& maker) {
       spec.norm_first = true;
       spec.layers[0].second_norm = maker.norm(24, 1);
     }},
};

TEST(PositionsInScores, WhatDoesNotFitIsRefused) {
  for (const Spoilt& one : kSpoilt) {
    SpecMaker maker(3);
    EncoderSpec spec = maker.encoder();
    one.change(spec, maker);
    EXPECT_THAT(thrown_by([&] { (void)PackedModel::pack(spec, {}, DType::fp32); }).what(), HasSubstr(one.message))
        << one.name;
  }
}

TEST(PositionsInScores, ATextOfMasksAloneHasNoScale) {
  SpecMaker maker(3);
  EncoderSpec spec = maker.encoder();
  spec.embeddings.dropped = family::DroppedToken{3, 0.88F};
  const auto model = PackedModel::pack(spec, {}, DType::fp32);
  Encoding text;
  text.input_ids = {3, 3};
  EXPECT_THAT(thrown_by([&] {
                (void)model->run(batch::make_batch({&text, 1}, {}), {.states = {2}});
              }).what(),
              HasSubstr("masks alone"));
}

// Long enough for several blocks of keys, in company and alone, on one thread and several: the same bits.
TEST(PositionsInScores, CompanyAndThreadsChangeNothing) {
  const auto slopes = [](EncoderSpec& spec, SpecMaker&) { spec.slopes = {0.5F, 0.25F, 0.01F}; };
  const auto distances = [](EncoderSpec& spec, SpecMaker& maker) {
    for (family::LayerSpec& layer : spec.layers) {
      layer.distances = family::DistanceSpec{maker.weight({1039, 4}), true, layer.scale};
    }
  };
  const std::function<void(EncoderSpec&, SpecMaker&)> ways[] = {slopes, distances};
  for (const auto& way : ways) {
    SpecMaker maker(3);
    EncoderSpec spec = maker.encoder(12);
    spec.embeddings.positions.reset();
    spec.embeddings.position_scheme = family::PositionScheme::none;
    spec.max_length = 520;
    way(spec, maker);
    std::vector<Encoding> texts = some_texts();
    Encoding& text = texts.emplace_back();
    for (int i = 0; i < 518; ++i) text.input_ids.push_back(3 + i * 7 % 31);
    text.attention_mask.assign(text.input_ids.size(), 1);
    text.attention_mask[515] = text.attention_mask[20] = 0;
    const batch::Batch batch = batch::make_batch(texts, {});
    const auto model = PackedModel::pack(spec, {}, DType::fp32);
    const auto together = model->run(batch, {.states = {1, 2}});
    kernels::ThreadPool pool(3);
    const PackedTuning tuning{.slice_tokens = 60, .share_slice_tokens = 60, .pool = &pool};
    const auto shared = PackedModel::pack(spec, {}, DType::fp32, tuning)->run(batch, {.states = {1, 2}});
    const std::span<const float> one = together.states[1].data();
    const std::span<const float> other = shared.states[1].data();
    EXPECT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end()));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto alone = model->run(batch::make_batch({&texts[i], 1}, {}), {.states = {1, 2}});
      for (std::size_t state = 0; state < 2; ++state) {
        const std::span<const float> a = alone.states[state].text(0);
        const std::span<const float> b = together.states[state].text(i);
        EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << "text " << i;
      }
    }
    spec.layers.resize(1);
    const std::vector<PlainEncoder::Rows> want = PlainEncoder(spec).states(texts.back());
    expect_near(together.states[0].text(texts.size() - 1), want[1], "the long one");
  }
}

}  // namespace
}  // namespace bertrt::engine::packed
