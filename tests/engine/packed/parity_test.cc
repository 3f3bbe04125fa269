// Every architecture against Hugging Face: tiny random models, one ragged batch.
#include <gtest/gtest.h>

#include <string>

#include "engine/packed/golden.h"

namespace bertrt::engine::packed {
namespace {

constexpr float kHidden = 1e-5F;
constexpr float kLogits = 1e-4F;

class PackedParity : public testing::TestWithParam<std::string> {};

// All layers, or the last one alone where the trace itself gives no other.
void expect_layers(const EncoderOutput& output, const nlohmann::json& cases) {
  const std::size_t all = cases[0]["outputs"]["all_encoder_layers"].size();
  const std::size_t layers = output.all_encoder_layers.size();
  ASSERT_TRUE(layers == all || layers == 1) << layers;
  for (std::size_t text = 0; text < cases.size(); ++text) {
    for (std::size_t layer = 0; layer < layers; ++layer) {
      const auto& want = cases[text]["outputs"]["all_encoder_layers"][all - layers + layer];
      EXPECT_LE(golden_difference(output.all_encoder_layers[layer].text(text), want), kHidden)
          << "text " << text << ", layer " << layer;
    }
  }
}

TEST_P(PackedParity, MaskedLmBundle) {
  const nlohmann::json cases = golden(GetParam());
  const auto engine = load_parity_model(GetParam() + ".pt");
  const EncoderOutput output = engine->run(batch::make_batch(golden_inputs(cases), {}), RunRequest::everything());
  expect_layers(output, cases);
  ASSERT_TRUE(output.token_logits.has_value());
  for (std::size_t text = 0; text < cases.size(); ++text) {
    const auto& want = cases[text]["outputs"]["logits"];
    for (std::size_t token = 0; token < want.size(); ++token) {
      EXPECT_LE(golden_difference(output.token_logits->row(text, token), want[token]), kLogits)
          << "text " << text << ", token " << token;
    }
  }
}

TEST_P(PackedParity, SelfTestOfTheBundle) {
  const auto file = model::ModelFile::open(parity_path(GetParam() + ".pt"));
  const SelfTestDifference worst = run_self_test(*file, *make_packed_engine(file, {}));
  EXPECT_GE(worst.cases, 1U);
  EXPECT_LE(worst.hidden, kHidden);
  EXPECT_LE(worst.logits, kLogits);
}

TEST_P(PackedParity, EncoderBundleAndBareTrace) {
  const nlohmann::json cases = golden(GetParam());
  for (const char* kind : {"_encoder.pt", "_trace.pt"}) {
    if (!std::filesystem::exists(parity_path(GetParam() + kind))) continue;
    SCOPED_TRACE(kind);
    const auto engine = load_parity_model(GetParam() + kind);
    const EncoderOutput output = engine->run(batch::make_batch(golden_inputs(cases), {}), {.all_encoder_layers = true});
    expect_layers(output, cases);
    EXPECT_EQ(output.pooled_output.has_value(), cases[0]["outputs"].contains("pooled_output"));
    if (!output.pooled_output) continue;
    for (std::size_t text = 0; text < cases.size(); ++text) {
      EXPECT_LE(golden_difference(output.pooled_output->row(text), cases[text]["outputs"]["pooled_output"]), kHidden);
    }
  }
}

// The lower dtypes are coarser, but not wrong: the wiring is right when the result is near.
TEST_P(PackedParity, LowerDtypesAreNear) {
  const nlohmann::json cases = golden(GetParam());
  for (const DType dtype : {DType::bf16, DType::int8}) {
    const auto engine = load_parity_model(GetParam() + ".pt", {.dtype = dtype});
    const EncoderOutput output = engine->run(batch::make_batch(golden_inputs(cases), {}), {});
    for (std::size_t text = 0; text < cases.size(); ++text) {
      const auto& want = cases[text]["outputs"]["all_encoder_layers"].back();
      const float gap = golden_difference(output.last_hidden_state().text(text), want);
      EXPECT_LE(gap, 0.25F) << "text " << text;
      EXPECT_GT(gap, 0.0F) << "text " << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackedParity,
                         testing::Values("bert_gelu", "bert_gelu_new", "bert_relu", "roberta", "camembert",
                                         "xlm_roberta", "distilbert", "electra", "albert", "mpnet"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace bertrt::engine::packed
