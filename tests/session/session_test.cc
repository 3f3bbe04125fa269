#include "bertrt/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "bertrt/runtime.h"
#include "bertrt/verify.h"
#include "error_matchers.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

using ::testing::HasSubstr;

TEST(Session, LoadsFromMemoryThatIsGoneAfterwards) {
  for (const EngineKind engine : {EngineKind::torchscript, EngineKind::packed}) {
    std::ifstream in(trace_path("bert_tuple.pt"), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const BertSession session =
        BertSession::load_from_memory(std::as_bytes(std::span(bytes)), {.engine = engine, .trust = Trust::checked});
    std::fill(bytes.begin(), bytes.end(), '\0');
    for (const GoldenCase& golden : load_golden("bert.json")) {
      const EncoderOutput output = session.run(golden.encoding);
      EXPECT_LE(difference(output.last_hidden_state().data(), golden.layers.back()), 1e-5F);
    }
  }
}

TEST(Session, TakesAVocabularyBesideTheModel) {
  const BertSession session = load_trace("bert_tuple.pt");  // tests/data/traces/vocab.txt lies beside it
  ASSERT_TRUE(session.has_tokenizer());
  EXPECT_EQ(session.tokenizer().vocab_size(), 99U);  // smaller than the embedding's 128 rows
  const Encoding pair = session.tokenizer().encode("Who was Jim Henson ?", "Jim [MASK] was a puppeteer");
  const GoldenCase golden = load_golden("bert.json").front();
  EXPECT_EQ(pair.input_ids, golden.encoding.input_ids);
  EXPECT_EQ(pair.token_type_ids, golden.encoding.token_type_ids);
  expect_golden(session.run(pair), 0, golden);
}

TEST(Session, AutomaticTakesThePackedEngineWhereItIsProven) {
  const BertSession session = BertSession::load(trace_path("bert_layers.pt"), {.trust = Trust::checked});
  EXPECT_EQ(session.info().engine, EngineKind::packed);
  EXPECT_THAT(session.info().engine_why, HasSubstr("equal to the trace"));
  for (const GoldenCase& golden : load_golden("bert.json")) expect_golden(session.run(golden.encoding), 0, golden);
}

TEST(Session, AutomaticFallsBackAndSaysWhy) {
  const BertSession session = BertSession::load(trace_path("toy_slice.pt"), {.trust = Trust::checked});
  EXPECT_EQ(session.info().engine, EngineKind::graph);
  EXPECT_THAT(session.info().engine_why, HasSubstr("packed is not used"));
  const Error error = thrown_by([] { BertSession::load(trace_path("toy_slice.pt"), {.engine = EngineKind::packed}); });
  EXPECT_THAT(error.what(), HasSubstr("packed engine"));
}

TEST(Session, TellsHowLongEachStageOfLoadingTook) {
  const auto stages = load_trace("bert_tuple.pt").info().load_stages;
  std::vector<std::string> names;
  for (const LoadStage& stage : stages) names.push_back(stage.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("read the file", "tokenizer", "read the trace", "write what was checked anew",
                                     "torch::jit::load", "length checks", "warm-up", "let the file go"));
}

TEST(Session, NamesCanBeGivenToATraceThatHasLostThem) {
  // Named anew in the trace's own order, every input is fed as before.
  const BertSession session = load_trace(
      "bert_permuted.pt", {.torchscript = {.input_names = {"token_type_ids", "attention_mask", "input_ids"}}});
  for (const GoldenCase& golden : load_golden("bert.json")) expect_golden(session.run(golden.encoding), 0, golden);
}

TEST(Session, PositionsOfTheCallersOwn) {
  const BertSession session = load_trace("bert_positions.pt");
  Encoding text = load_golden("bert.json")[2].encoding;
  const EncoderOutput by_rule = session.run(text);
  for (std::size_t i = 0; i < text.size(); ++i) text.position_ids.push_back(static_cast<std::int32_t>(i));
  EXPECT_EQ(difference(session.run(text).last_hidden_state().data(), by_rule.last_hidden_state().data()), 0);
  text.position_ids.front() = 30;
  EXPECT_GT(difference(session.run(text).last_hidden_state().data(), by_rule.last_hidden_state().data()), 1e-4F);
}

// LayoutLM takes a box for each token; tests/data/traces/make_traces.py has the same rule.
TEST(Session, FurtherInputsByName) {
  const BertSession session = BertSession::load(trace_path("layoutlm.pt"), {.trust = Trust::checked});
  EXPECT_EQ(session.info().engine, EngineKind::graph);
  EXPECT_THAT(session.info().engine_why, HasSubstr("an input that no encoder of the family takes"));
  std::vector<Encoding> batch;
  const auto cases = load_golden("layoutlm.json");
  for (const GoldenCase& golden : cases) {
    NamedInput boxes{.name = "bbox", .width = 4, .values = {}, .real_values = {}};
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(golden.encoding.size()); ++i) {
      boxes.values.insert(boxes.values.end(), {i, 20 - i / 2, i + i % 10, 23 - i / 2});
    }
    batch.push_back(golden.encoding);
    batch.back().extra_inputs.push_back(std::move(boxes));
    expect_golden(session.run(batch.back()), 0, golden);
  }
  const EncoderOutput together = session.run(batch);
  for (std::size_t i = 0; i < cases.size(); ++i) expect_golden(together, i, cases[i]);
  EXPECT_THAT(thrown_by([&] { session.run(cases[0].encoding); }).what(), HasSubstr("bbox"));
}

TEST(Session, GivesOnlyWhatIsAskedFor) {
  const BertSession session = load_trace("bert_dict.pt");
  const Encoding text = load_golden("bert.json").front().encoding;
  EXPECT_EQ(session.run(text).all_encoder_layers.size(), 1U);
  const EncoderOutput pooled = session.run(text, {.hidden_states = false});
  EXPECT_TRUE(pooled.all_encoder_layers.empty());
  EXPECT_TRUE(pooled.pooled_output.has_value());
  EXPECT_FALSE(session.run(text, {.pooled_output = false}).pooled_output.has_value());
  const BertSession layers = load_trace("bert_layers.pt");
  EXPECT_EQ(layers.run(text).all_encoder_layers.size(), 1U);
  EXPECT_TRUE(layers.run(text).more.empty());
  EXPECT_EQ(layers.run(text, {.all_encoder_layers = true}).all_encoder_layers.size(), 2U);
}

TEST(Session, TruncationWithoutALengthMeansTheModels) {
  const BertSession session = load_trace("bert_layers.pt");
  std::string text = "jim";
  for (int i = 0; i < 100; ++i) text += " henson";
  const EncodeOptions cut{.truncation = Truncation::longest_first};
  EXPECT_EQ(session.tokenizer().encode(text, cut).size(), session.info().max_length);
  EXPECT_EQ(session.tokenizer().encode(text, text, cut).size(), session.info().max_length);
  EXPECT_EQ(session.tokenizer().encode_batch(std::vector<std::string>{text}, cut)[0].size(), session.info().max_length);
  EXPECT_EQ(session.tokenizer().encode(text, {.max_length = 9, .truncation = Truncation::longest_first}).size(), 9U);
  EXPECT_GT(session.tokenizer().encode(text).size(), session.info().max_length) << "without truncation nothing is cut";
}

TEST(Session, TakesEncodingsThatLieApart) {
  const BertSession session = load_trace("bert_layers.pt");
  const auto cases = load_golden("bert.json");
  const std::vector<const Encoding*> apart = {&cases[1].encoding, &cases[0].encoding};
  const EncoderOutput output = session.run(apart, {.all_encoder_layers = true});
  expect_golden(output, 0, cases[1]);
  expect_golden(output, 1, cases[0]);
  const std::vector<const Encoding*> broken = {&cases[1].encoding, nullptr};
  EXPECT_EQ(thrown_by([&] { session.run(broken); }).code(), ErrorCode::invalid_argument);
}

TEST(Session, HasThreadsOfItsOwn) {
  const auto path = std::filesystem::path(BERTRT_MODELS) / "demo.pt";
  const BertSession one = BertSession::load(path, {.threads = 1});
  const BertSession two = BertSession::load(path, {.threads = 2});
  const Encoding text = one.tokenizer().encode("New York is a city.");
  EXPECT_LE(difference(one.run(text).last_hidden_state().data(), two.run(text).last_hidden_state().data()), 1e-5F);
}

TEST(Session, PaddingHasNoRows) {
  const BertSession session = load_trace("bert_layers.pt");
  const Encoding text = session.tokenizer().encode("jim henson", {.pad_to = 14});
  ASSERT_EQ(text.size(), 14U);
  const std::size_t tokens =
      static_cast<std::size_t>(std::count(text.attention_mask.begin(), text.attention_mask.end(), 1));
  EXPECT_EQ(session.run(text).last_hidden_state().sequence(0), tokens);
}

TEST(DemoModel, PassesItsSelfTestOnBothEngines) {
  for (const EngineKind engine : {EngineKind::torchscript, EngineKind::packed}) {
    const VerifyReport report =
        verify(BertSession::load(std::filesystem::path(BERTRT_MODELS) / "demo.pt", {.engine = engine}));
    EXPECT_TRUE(report.ok);
    EXPECT_GE(report.cases, 3U);
    EXPECT_LE(report.max_hidden_difference, 1e-5F);
    EXPECT_LE(report.max_logits_difference, 1e-4F);
  }
}

}  // namespace
}  // namespace bertrt
