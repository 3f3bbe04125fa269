// Every way in which people trace BERT, against Python.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "session/trace_golden.h"

namespace bertrt {
namespace {

struct Trace {
  const char* file;
  const char* golden;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::size_t layers;      // that the trace returns
  std::size_t proven_max;  // 0: padded to the traced length
};

const std::vector<std::string> kAll = {"input_ids", "attention_mask", "token_type_ids"};
const std::vector<std::string> kMasked = {"input_ids", "attention_mask"};
const std::vector<std::string> kTyped = {"input_ids", "token_type_ids"};
const std::vector<std::string> kEncoder = {"all_encoder_layers", "pooled_output"};
const std::vector<std::string> kHiddenOnly = {"all_encoder_layers"};

class GoldenTrace : public ::testing::TestWithParam<Trace> {};

TEST_P(GoldenTrace, GivesPythonsAnswersAloneAndBatched) {
  const Trace& trace = GetParam();
  const BertSession session = load_trace(trace.file);
  EXPECT_EQ(session.info().inputs, trace.inputs);
  EXPECT_EQ(session.info().outputs, trace.outputs);
  EXPECT_EQ(session.info().proven_max, trace.proven_max) << session.info().lengths_why;
  EXPECT_EQ(session.info().traced_length, 14U);

  const std::vector<GoldenCase> cases = load_golden(trace.golden);
  std::vector<Encoding> batch;
  for (const GoldenCase& golden : cases) batch.push_back(golden.encoding);
  const EncoderOutput together = session.run(batch);
  EXPECT_EQ(together.all_encoder_layers.size(), trace.layers);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(std::to_string(batch[i].size()) + " tokens");
    expect_golden(session.run(batch[i]), 0, cases[i]);
    expect_golden(together, i, cases[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GoldenTrace,
    ::testing::Values(
        Trace{"pytorch_pretrained_bert.pt", "pytorch_pretrained_bert.json", kTyped, kEncoder, 2, 64},
        Trace{"pytorch_transformers.pt", "pytorch_transformers.json", kTyped, kEncoder, 1, 64},
        Trace{"bert_trap.pt", "bert_one_segment.json", kMasked, kEncoder, 1, 64},
        Trace{"bert_tuple.pt", "bert.json", kAll, kEncoder, 1, 64},
        Trace{"bert_dict.pt", "bert.json", kAll, kEncoder, 1, 64},
        Trace{"bert_tensor.pt", "bert.json", kAll, kHiddenOnly, 1, 64},
        Trace{"bert_layers.pt", "bert.json", kAll, kEncoder, 2, 64},
        Trace{"bert_hidden_states.pt", "bert.json", kAll, kEncoder, 2, 64},
        Trace{"bert_permuted.pt", "bert.json", {"token_type_ids", "attention_mask", "input_ids"}, kEncoder, 1, 64},
        Trace{"bert_ids_mask.pt", "bert_one_segment.json", kMasked, kEncoder, 1, 64},
        Trace{"bert_ids_only.pt", "bert_one_segment.json", {"input_ids"}, kEncoder, 1, 64},
        Trace{"bert_ids_types.pt", "bert.json", kTyped, kEncoder, 1, 64},
        Trace{"bert_positions.pt",
              "bert.json",
              {"input_ids", "attention_mask", "token_type_ids", "position_ids"},
              kEncoder,
              1,
              64},
        Trace{"bert_int32.pt", "bert.json", kAll, kEncoder, 1, 64},
        Trace{"bert_batch2.pt", "bert.json", kAll, kEncoder, 1, 64},
        Trace{"bert_masked_lm.pt", "bert_masked_lm.json", kAll, {"logits"}, 0, 64},
        Trace{"bert_classify.pt", "bert_classify.json", kAll, {"logits"}, 0, 64},
        Trace{"bert_ner.pt", "bert_ner.json", kAll, {"logits"}, 0, 64},
        Trace{"bert_qa.pt", "bert_qa.json", kAll, {"start_logits", "end_logits"}, 0, 64},
        Trace{"longformer.pt", "longformer.json", kMasked, kEncoder, 1, 0},
        Trace{"toy_slice.pt", "toy_slice.json", kMasked, kHiddenOnly, 1, 14},
        Trace{"toy_rows.pt", "toy_rows.json", kMasked, kHiddenOnly, 1, 0},
        Trace{"toy_fixed.pt", "toy_fixed.json", kMasked, kHiddenOnly, 1, 0}),
    [](const auto& test) {
      const std::string file = test.param.file;
      return file.substr(0, file.find('.'));
    });

// Logits are one matrix a batch; a text's share of it is checked here.
TEST(GoldenLogits, OfEveryTokenInTheOrderOfTheBatch) {
  for (const char* name : {"bert_masked_lm", "bert_ner"}) {
    const BertSession session = load_trace(std::string(name) + ".pt");
    const auto cases = load_golden(std::string(name) + ".json");
    std::vector<Encoding> batch;
    std::vector<float> expected;
    for (const GoldenCase& golden : cases) {
      batch.push_back(golden.encoding);
      expected.insert(expected.end(), golden.logits.begin(), golden.logits.end());
    }
    EXPECT_LE(difference(session.run(batch).logits->data, expected), 1e-4F) << name;
  }
}

TEST(GoldenLogits, OfEveryText) {
  const BertSession session = load_trace("bert_classify.pt");
  const auto cases = load_golden("bert_classify.json");
  std::vector<Encoding> batch;
  for (const GoldenCase& golden : cases) batch.push_back(golden.encoding);
  const EncoderOutput output = session.run(batch);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_LE(difference(output.logits->row(i), cases[i].logits), 1e-4F);
}

TEST(GoldenLogits, OfWantedRowsInTheOrderWanted) {
  const BertSession session = load_trace("bert_masked_lm.pt");
  const auto cases = load_golden("bert_masked_lm.json");
  const std::vector<Encoding> batch = {cases[0].encoding, cases[1].encoding, cases[2].encoding};
  const EncoderOutput all = session.run(batch);
  RunRequest request;
  request.logit_rows = {20, 3, 3, 15};
  const EncoderOutput some = session.run(batch, request);
  ASSERT_EQ(some.logits->rows, 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(difference(some.logits->row(i), all.logits->row(request.logit_rows[i])), 0);
  }
}

TEST(Findings, TheTrapIsNamed) {
  const auto findings = load_trace("bert_trap.pt").info().findings;
  EXPECT_THAT(findings, ::testing::Contains(::testing::HasSubstr("token_type_ids")));
  EXPECT_THAT(load_trace("bert_tuple.pt").info().findings,
              ::testing::Not(::testing::Contains(::testing::HasSubstr("token_type_ids"))));
}

TEST(Findings, AMissingMaskIsNamed) {
  for (const char* file : {"pytorch_pretrained_bert.pt", "bert_ids_only.pt"}) {
    EXPECT_THAT(load_trace(file).info().findings, ::testing::Contains(::testing::HasSubstr("no attention mask")));
  }
  const auto fixed = load_trace("bert_ids_types.pt", {.length_policy = LengthPolicy::fixed}).info().findings;
  EXPECT_THAT(fixed, ::testing::Contains(::testing::HasSubstr("answers depend on that padding")));
}

}  // namespace
}  // namespace bertrt
