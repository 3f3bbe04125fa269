// Every kind of head, told from the weights of a bare trace, against Hugging Face.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/packed/golden.h"

namespace bertrt::engine::packed {
namespace {

class PackedHeads : public testing::TestWithParam<std::string> {};

TEST_P(PackedHeads, AsHuggingFace) {
  const std::filesystem::path folder = std::filesystem::path(BERTRT_TEST_DATA) / "packed_heads";
  std::ifstream file(folder / "heads.json");
  const nlohmann::json golden = nlohmann::json::parse(file).at(GetParam());
  const auto engine = make_packed_engine(model::ModelFile::open(folder / (GetParam() + ".pt")), {});
  Encoding text;
  text.input_ids = golden["input_ids"].get<std::vector<std::int32_t>>();
  // Between two others, so that rows and texts cannot be mixed up.
  Encoding other;
  other.input_ids = {7, 9, 11};
  const std::vector<Encoding> texts = {other, text, other};

  for (const bool hidden_states : {true, false}) {
    const EncoderOutput output = engine->run(
        batch::make_batch(texts, {}), {.all_encoder_layers = true, .hidden_states = hidden_states, .logits = true});
    EXPECT_EQ(output.all_encoder_layers.empty(), !hidden_states);
    if (GetParam().ends_with("_span")) {
      ASSERT_TRUE(output.start_logits && output.end_logits);
      EXPECT_LE(golden_difference(output.start_logits->text(1), golden["outputs"][0]), 1e-4F);
      EXPECT_LE(golden_difference(output.end_logits->text(1), golden["outputs"][1]), 1e-4F);
      continue;
    }
    const bool by_text = GetParam().ends_with("_sequence") || GetParam().ends_with("_next");
    ASSERT_EQ(output.text_logits.has_value(), by_text);
    ASSERT_EQ(output.token_logits.has_value(), !by_text);
    const auto got = by_text ? output.text_logits->row(1) : output.token_logits->text(1);
    EXPECT_LE(golden_difference(got, golden["outputs"][0]), 1e-4F);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackedHeads,
                         testing::Values("bert_sequence", "bert_token", "bert_span", "bert_next", "albert_sequence",
                                         "roberta_sequence", "electra_sequence", "distilbert_sequence",
                                         "electra_masked_lm", "distilbert_masked_lm"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace bertrt::engine::packed
