// Traces of families beside BERT's kin: recognized, and on the packed engine as Hugging Face has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/graph/graph_engine.h"
#include "family/golden_trace.h"

namespace bertrt::family {
namespace {

using ::testing::ElementsAreArray;

const std::filesystem::path kFolder = std::filesystem::path(BERTRT_TEST_DATA) / "family_traces";

nlohmann::json expected() {
  std::ifstream file(kFolder / "expected.json");
  return nlohmann::json::parse(file);
}

std::shared_ptr<const Trace> read(const std::string& name) {
  return engine::packed::read_trace(model::ModelFile::open(kFolder / (name + ".pt")));
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  const nlohmann::json all = expected();
  for (const auto& [name, golden] : all.items()) names.push_back(name);
  return names;
}

class GoldenTrace : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTrace, IsWhatPythonComputes) {
  const nlohmann::json golden = expected().at(GetParam());
  const auto trace = read(GetParam());
  ASSERT_TRUE(trace->reading.recognition) << trace->reading.not_explained;
  std::vector<std::size_t> windows;
  for (const LayerSpec& layer : trace->reading.recognition->spec.layers) windows.push_back(layer.window);
  EXPECT_THAT(windows, ElementsAreArray(golden.at("windows").get<std::vector<std::size_t>>()));
  const test::Distance distance = test::trace_distance(trace, golden.at("cases"));
  EXPECT_GT(distance.values, 0U);
  EXPECT_LE(distance.hidden, 1e-5F);
  EXPECT_LE(distance.logits, 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTrace, ::testing::ValuesIn(names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// Angles are computed: nothing but memory ends a text.
TEST(GoldenTrace, RotaryTracesHaveNoLimit) {
  for (const std::string name : {"modernbert", "eurobert", "nomic", "jina"}) {
    EXPECT_EQ(read(name)->reading.recognition->spec.max_length, 0U) << name;
  }
}

// Traced at 14 tokens: what begins far behind them (windows that end) is right, too.
TEST(GoldenTrace, TextsFarLongerThanTheTracedOneAreWhatItsOperatorsGive) {
  for (const std::string name : {"modernbert", "eurobert", "nomic", "deberta-v3"}) {
    const auto trace = read(name);
    Encoding text;
    for (std::int32_t i = 0; i < 600; ++i) text.input_ids.push_back(4 + i * 7 % 36);
    text.attention_mask.assign(600, 1);
    text.attention_mask[300] = text.attention_mask[301] = 0;
    const batch::Batch batch = batch::make_batch(std::vector{text}, {});
    const EncoderOutput plain = engine::graph::make_reference_engine(trace, true)->run(batch, {});
    const EncoderOutput packed = engine::graph::make_recognized_engine(trace, {}, {})->run(batch, {});
    const std::span<const float> want = plain.all_encoder_layers.back().data();
    float worst = 0;
    std::size_t values = 0;
    test::compare(packed.all_encoder_layers.back().data(), {want.begin(), want.end()}, 16, worst, values);
    EXPECT_EQ(values, 600U * 16) << name;
    EXPECT_LE(worst, 1e-5F) << name;
  }
}

}  // namespace
}  // namespace bertrt::family
