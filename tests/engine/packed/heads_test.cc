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
    const EncoderOutput output = engine->run(batch::make_batch(texts, {}), {.hidden_states = hidden_states});
    EXPECT_EQ(output.all_encoder_layers.empty(), !hidden_states);
    if (GetParam().ends_with("_span")) {
      ASSERT_TRUE(output.start_logits && output.end_logits);
      EXPECT_LE(golden_difference(output.start_logits->text(1), golden["outputs"][0]), 1e-4F);
      EXPECT_LE(golden_difference(output.end_logits->text(1), golden["outputs"][1]), 1e-4F);
      continue;
    }
    ASSERT_TRUE(output.logits.has_value());
    const bool by_text = GetParam().ends_with("_sequence") || GetParam().ends_with("_next");
    ASSERT_EQ(output.logits->rows, by_text ? texts.size() : 2 * other.size() + text.size());
    const std::size_t first = (by_text ? 1 : other.size()) * output.logits->cols;
    const std::size_t count = (by_text ? 1 : text.size()) * output.logits->cols;
    const std::span<const float> got(output.logits->data.data() + first, count);
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
