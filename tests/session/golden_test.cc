// Every way in which people trace BERT, against Python.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "session/trace_golden.h"

namespace bertrt {
namespace {

struct Trace {
  const char* file;
  const char* golden;
  std::vector<std::string> inputs;
  std::size_t layers;      // that the trace returns
  std::size_t more;        // outputs that have no name in it, nor a hidden state's shape
  std::size_t proven_max;  // 0: padded to the traced length
  std::vector<OutputRole> named = {};
};

const std::vector<std::string> kAll = {"input_ids", "attention_mask", "token_type_ids"};
const std::vector<std::string> kMasked = {"input_ids", "attention_mask"};
const std::vector<std::string> kTyped = {"input_ids", "token_type_ids"};

class GoldenTrace : public ::testing::TestWithParam<Trace> {};

TEST_P(GoldenTrace, GivesPythonsAnswersAloneAndBatched) {
  const Trace& trace = GetParam();
  const BertSession session = load_trace(trace.file);
  EXPECT_EQ(session.info().inputs, trace.inputs);
  EXPECT_EQ(session.info().proven_max, trace.proven_max) << session.info().lengths_why;
  EXPECT_EQ(session.info().traced_length, 14U);
  EXPECT_GE(session.info().outputs.size(), 1U);
  for (const OutputRole role : trace.named) {
    ASSERT_NE(session.info().find_output(role), nullptr) << to_string(role);
    EXPECT_GE(session.info().find_output(role)->evidence, Evidence::by_name);
  }

  const std::vector<GoldenCase> cases = load_golden(trace.golden);
  std::vector<Encoding> batch;
  for (const GoldenCase& golden : cases) batch.push_back(golden.encoding);
  const EncoderOutput together = session.run(batch, RunRequest::everything());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(std::to_string(batch[i].size()) + " tokens");
    expect_golden(session.run(batch[i], RunRequest::everything()), 0, cases[i]);
    expect_golden(together, i, cases[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GoldenTrace,
    ::testing::Values(
        Trace{"pytorch_pretrained_bert.pt", "pytorch_pretrained_bert.json", kTyped, 2, 1, 64},
        Trace{"pytorch_transformers.pt", "pytorch_transformers.json", kTyped, 1, 1, 64},
        Trace{"bert_trap.pt", "bert_one_segment.json", kMasked, 1, 1, 64},
        Trace{"bert_tuple.pt", "bert.json", kAll, 1, 1, 64},
        Trace{"bert_dict.pt", "bert.json", kAll, 1, 0, 64, {OutputRole::pooled_output}},
        Trace{"bert_tensor.pt", "bert.json", kAll, 1, 0, 64}, Trace{"bert_layers.pt", "bert.json", kAll, 2, 1, 64},
        Trace{"bert_hidden_states.pt", "bert.json", kAll, 2, 3, 64},
        Trace{"bert_permuted.pt", "bert.json", {"token_type_ids", "attention_mask", "input_ids"}, 1, 1, 64},
        Trace{"bert_ids_mask.pt", "bert_one_segment.json", kMasked, 1, 1, 64},
        Trace{"bert_ids_only.pt", "bert_one_segment.json", {"input_ids"}, 1, 1, 64},
        Trace{"bert_ids_types.pt", "bert.json", kTyped, 1, 1, 64},
        Trace{"bert_positions.pt",
              "bert.json",
              {"input_ids", "attention_mask", "token_type_ids", "position_ids"},
              1,
              1,
              64},
        Trace{"bert_int32.pt", "bert.json", kAll, 1, 1, 64}, Trace{"bert_batch2.pt", "bert.json", kAll, 1, 1, 64},
        Trace{"bert_masked_lm.pt", "bert_masked_lm.json", kAll, 0, 0, 64, {OutputRole::token_logits}},
        Trace{"bert_classify.pt", "bert_classify.json", kAll, 0, 0, 64, {OutputRole::text_logits}},
        Trace{"bert_ner.pt", "bert_ner.json", kAll, 0, 0, 64, {OutputRole::token_logits}},
        Trace{"bert_qa.pt", "bert_qa.json", kAll, 0, 0, 64, {OutputRole::start_logits, OutputRole::end_logits}},
        Trace{"longformer.pt", "longformer.json", kMasked, 1, 1, 0},
        Trace{"toy_slice.pt", "toy_slice.json", kMasked, 0, 1, 14},
        Trace{"toy_rows.pt", "toy_rows.json", kMasked, 0, 1, 0},
        Trace{"toy_fixed.pt", "toy_fixed.json", kMasked, 0, 1, 0}),
    [](const auto& test) {
      const std::string file = test.param.file;
      return file.substr(0, file.find('.'));
    });

// A bundle names its outputs, and has its head apart.
TEST(GoldenLogits, OfWantedTokensAreThoseOfAll) {
  const BertSession session = BertSession::load(std::filesystem::path(BERTRT_TEST_DATA) / "parity/bert_gelu.pt",
                                                {.engine = EngineKind::torchscript});
  Encoding text;
  text.input_ids = {7, 20, 30, 40, 50, 8};
  Encoding other;
  other.input_ids = {7, 9, 8};
  const std::vector<Encoding> batch = {text, other, text};
  const EncoderOutput all = session.run(batch, {.logits = true});
  RunRequest request{.logits = true};
  request.logit_tokens = {{2, 5}, {0, 3}, {0, 3}, {2, 0}};
  const EncoderOutput some = session.run(batch, request);
  EXPECT_EQ(some.token_logits->sequence(0), 2U);
  EXPECT_EQ(some.token_logits->sequence(1), 0U);
  EXPECT_EQ(difference(some.token_logits->row(0, 0), all.token_logits->row(0, 3)), 0);
  EXPECT_EQ(difference(some.token_logits->row(0, 1), all.token_logits->row(0, 3)), 0);
  EXPECT_EQ(difference(some.token_logits->row(2, 0), all.token_logits->row(2, 5)), 0);
  EXPECT_EQ(difference(some.token_logits->row(2, 1), all.token_logits->row(2, 0)), 0);
}

TEST(Roles, AreNotGuessed) {
  const auto info = [](const char* file) { return load_trace(file).info(); };
  // Told from the graph, whichever engine runs.
  ASSERT_NE(info("bert_tuple.pt").find_output(OutputRole::pooled_output), nullptr);
  EXPECT_EQ(info("toy_rows.pt").outputs.front().role, OutputRole::other);
  EXPECT_EQ(info("bert_tuple.pt").outputs.front().evidence, Evidence::recognized);
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
  const auto fixed =
      load_trace("bert_ids_types.pt", {.torchscript = {.length_policy = LengthPolicy::fixed}}).info().findings;
  EXPECT_THAT(fixed, ::testing::Contains(::testing::HasSubstr("answers depend on that padding")));
}

}  // namespace
}  // namespace bertrt
