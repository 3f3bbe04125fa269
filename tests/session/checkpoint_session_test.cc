#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "bertrt/inspect.h"
#include "bertrt/session.h"
#include "bertrt/verify.h"
#include "error_matchers.h"
#include "scratch_folder.h"

namespace bertrt {
namespace {

using testing::HasSubstr;

std::filesystem::path folder(const std::string& name) {
  return std::filesystem::path(BERTRT_TEST_DATA) / "checkpoints" / name;
}

std::vector<OutputRole> roles(const std::vector<OutputInfo>& outputs) {
  std::vector<OutputRole> result;
  for (const OutputInfo& output : outputs) result.push_back(output.role);
  return result;
}

TEST(CheckpointSession, AFolderIsAModel) {
  const BertSession session = BertSession::load(folder("bert-pretraining"));
  const SessionInfo& info = session.info();
  EXPECT_EQ(info.engine, EngineKind::packed);
  EXPECT_EQ(info.architecture, "bert");
  EXPECT_EQ(info.task, "masked-lm");
  EXPECT_EQ(info.hidden_size, 32U);
  EXPECT_EQ(info.vocab_size, 40U);
  EXPECT_EQ(info.max_length, 24U);
  EXPECT_TRUE(info.labels.empty());
  using enum OutputRole;
  EXPECT_EQ(roles(info.outputs), (std::vector{hidden_state, hidden_state, pooled_output, token_logits, text_logits}));
  ASSERT_TRUE(session.has_tokenizer());

  const Encoding text = session.tokenizer().encode("the cat sat", "on the mat");
  const EncoderOutput output = session.run(text, RunRequest::everything());
  EXPECT_EQ(output.all_encoder_layers.size(), 2U);
  ASSERT_TRUE(output.token_logits.has_value());
  EXPECT_EQ(output.token_logits->width(), 40U);
  ASSERT_TRUE(output.text_logits.has_value());
  EXPECT_EQ(output.text_logits->cols, 2U);
  EXPECT_TRUE(output.more.empty());
}

std::filesystem::path task(const std::string& name) { return std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / name; }

// Somebody added a token and left the embedding as it was: Python answers every text without it.
TEST(CheckpointSession, AnAddedTokenWithoutARowIsAFinding) {
  const ScratchFolder scratch;
  const std::filesystem::path copy = scratch.path() / "model";
  std::filesystem::copy(task("neighbour-splade"), copy, std::filesystem::copy_options::recursive);
  std::ostringstream settings;
  settings << std::ifstream(copy / "tokenizer_config.json").rdbuf();
  std::filesystem::remove(copy / "tokenizer_config.json");
  std::ofstream(copy / "tokenizer_config.json") << R"({"additional_special_tokens": ["<extra>", "<more>"],)"
                                                << settings.str().substr(settings.str().find('{') + 1);
  const BertSession session = BertSession::load(copy);
  const auto rows = std::to_string(session.info().vocab_size);
  ASSERT_EQ(session.tokenizer().token_to_id("<extra>"), static_cast<std::int32_t>(session.info().vocab_size));
  const std::string counts = "the word embedding has " + rows + " rows, the tokenizer ids up to " +
                             std::to_string(session.info().vocab_size + 1);
  const std::string finding = "tokenizer: " + counts;
  EXPECT_THAT(session.info().findings, testing::Contains(HasSubstr(finding)));
  EXPECT_THAT(session.info().findings, testing::Contains(HasSubstr("\"<extra>\" (" + rows + ")")));
  std::vector<std::string> messages;
  for (const FindingReport& one : inspect(copy).findings) messages.push_back(one.message);
  EXPECT_THAT(messages, testing::Contains(HasSubstr(finding)));

  const BertSession own = BertSession::load(task("neighbour-splade"));
  const Encoding text = session.tokenizer().encode("the sea");
  EXPECT_EQ(text.input_ids, own.tokenizer().encode("the sea").input_ids);
  EXPECT_EQ(session.run(text).last_hidden_state().text(0).size(), own.run(text).last_hidden_state().text(0).size());
  const Error error = thrown_by([&] { session.run(session.tokenizer().encode("the <extra> sea")); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("input_ids[2]"));
  EXPECT_THAT(error.what(), HasSubstr("(" + counts + "), found " + rows));
}

TEST(CheckpointSession, AnotherModelsTokenizerIsRefused) {
  const Error error =
      thrown_by([] { BertSession::load(folder("bert"), {.tokenizer = task("neighbour-splade") / "tokenizer.json"}); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  EXPECT_THAT(error.what(), HasSubstr("at most 40 tokens"));
  EXPECT_THAT(error.what(), HasSubstr("(40) is no added one"));
}

TEST(CheckpointSession, LogitsOfSomeTokensAreThoseOfAll) {
  const BertSession session = BertSession::load(folder("bert-pretraining"));
  const Encoding text = session.tokenizer().encode("the cat sat on the mat");
  const EncoderOutput all = session.run(text, {.logits = true});
  const EncoderOutput some =
      session.run(text, {.hidden_states = false, .logits = true, .logit_tokens = {{0, 4}, {0, 1}}});
  ASSERT_EQ(some.token_logits->text(0).size(), 2 * 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_NEAR(some.token_logits->text(0)[i], all.token_logits->text(0)[4 * 40 + i], 1e-5F);
    EXPECT_NEAR(some.token_logits->text(0)[40 + i], all.token_logits->text(0)[40 + i], 1e-5F);
  }
}

TEST(Session, AnInputThatTheModelHasNotIsRefusedByName) {
  const auto traces = std::filesystem::path(BERTRT_TEST_DATA) / "traces";
  for (const BertSession& session :
       {BertSession::load(folder("bert-pretraining")), BertSession::load(traces / "bert_tuple.pt"),
        BertSession::load(traces / "bert_tuple.pt", {.engine = EngineKind::graph})}) {
    Encoding text = session.tokenizer().encode("the cat");
    text.extra_inputs = {{"bbox", 1, std::vector<std::int64_t>(text.size(), 0), {}}};
    const Error error = thrown_by([&] { session.run(text); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("extra input bbox"));
    for (const std::string& name : session.info().inputs) EXPECT_THAT(error.what(), HasSubstr(name));
    // A member of Encoding is given there.
    text.extra_inputs = {{"attention_mask", 1, std::vector<std::int64_t>(text.size(), 1), {}}};
    EXPECT_THAT(thrown_by([&] { session.run(text); }).what(), HasSubstr("the encoding's own attention_mask"));
    text.extra_inputs.clear();
    EXPECT_NO_THROW(session.run(text));
  }
}

TEST(CheckpointSession, ItsConfigIsTheFolder) {
  EXPECT_EQ(BertSession::load(folder("bert-pretraining") / "config.json").info().task, "masked-lm");
}

TEST(CheckpointSession, WithoutATokenizerThereIsNone) {
  const BertSession session = BertSession::load(folder("roberta-sequence"));
  EXPECT_FALSE(session.has_tokenizer());
  EXPECT_EQ(session.info().labels, (std::vector<std::string>{"neg", "neutral", "pos"}));
  EXPECT_EQ(session.info().max_length, 22U);  // 24 positions, of which two are never used
}

TEST(CheckpointSession, StartAndEndOfAnswers) {
  const BertSession session = BertSession::load(folder("camembert-answers"));
  Encoding text;
  text.input_ids = {5, 6, 7};
  text.token_type_ids = {0, 0, 0};
  text.attention_mask = {1, 1, 1};
  const EncoderOutput output = session.run(text, {.logits = true});
  ASSERT_TRUE(output.start_logits && output.end_logits);
  EXPECT_EQ(output.start_logits->text(0).size(), 3U);
  EXPECT_FALSE(output.token_logits.has_value());
}

TEST(CheckpointSession, InspectSaysWhatLoadDoes) {
  for (const char* name : {"bert-pretraining", "roberta-sequence", "camembert-answers", "mpnet"}) {
    const ModelReport report = inspect(folder(name));
    const BertSession session = BertSession::load(folder(name));
    const SessionInfo& info = session.info();
    EXPECT_EQ(report.format, "checkpoint folder");
    EXPECT_EQ(report.architecture, info.architecture);
    EXPECT_EQ(report.task, info.task);
    EXPECT_EQ(report.engine, info.engine);
    EXPECT_EQ(report.engine_why, info.engine_why);
    EXPECT_EQ(roles(report.outputs), roles(info.outputs));
    EXPECT_EQ(report.lengths.proven_max, info.max_length);
    EXPECT_GT(report.parameters, 10000U);
  }
}

TEST(CheckpointSession, IsVerifiedAgainstItsReference) {
  const VerifyReport report = verify(BertSession::load(folder("bert-pretraining")));
  EXPECT_TRUE(report.ok);
  EXPECT_GT(report.cases, 0U);
  // The same reference beside a model with another layer norm.
  namespace fs = std::filesystem;
  const fs::path copy =
      fs::path(testing::TempDir()) / ("checkpoint_session_verify" + std::to_string(std::random_device()()));
  fs::remove_all(copy);
  fs::copy(folder("bert-pretraining"), copy);
  std::stringstream text;
  text << std::ifstream(copy / "config.json").rdbuf();
  std::string config = text.str();
  const std::string eps = "\"layer_norm_eps\": 1e-12";
  ASSERT_NE(config.find(eps), std::string::npos);
  std::ofstream(copy / "config.json") << config.replace(config.find(eps), eps.size(), "\"layer_norm_eps\": 1e-2");
  EXPECT_FALSE(verify(BertSession::load(copy)).ok);
  fs::remove_all(copy);
}

TEST(CheckpointSession, WithoutAReferenceVerifyIsNoYes) {
  const Error error = thrown_by([] { (void)verify(BertSession::load(folder("bert"))); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("bertrt_reference.json"));
}

TEST(CheckpointSession, LowerDtypesRun) {
  for (const DType dtype : {DType::bf16, DType::int8}) {
    const BertSession session = BertSession::load(folder("bert"), {.packed = {.dtype = dtype}});
    EXPECT_EQ(session.info().dtype, dtype);
  }
}

TEST(CheckpointSession, EnginesOfTracesAreRefused) {
  EXPECT_THAT(thrown_by([] { BertSession::load(folder("bert"), {.engine = EngineKind::graph}); }).what(),
              HasSubstr("automatic or packed"));
  EXPECT_THAT(thrown_by([] { (void)inspect(folder("bert"), {.engine = EngineKind::graph}); }).what(),
              HasSubstr("automatic or packed"));
}

TEST(CheckpointSession, AFolderThatIsNone) {
  const Error error = thrown_by([] { BertSession::load(std::filesystem::path(BERTRT_TEST_DATA)); });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_THAT(error.what(), HasSubstr("config.json"));
}

TEST(CheckpointSession, ValuesThatNoEnumNamesAreRefused) {
  const auto refused = [](const SessionOptions& options, const char* option) {
    const Error error = thrown_by([&] { BertSession::load(folder("bert"), options); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << option;
    EXPECT_EQ(error.where(), option);
    EXPECT_EQ(error.found(), "the value 9");
  };
  refused({.engine = static_cast<EngineKind>(9)}, "SessionOptions::engine");
  refused({.trust = static_cast<Trust>(9)}, "SessionOptions::trust");
  refused({.packed = {.dtype = static_cast<DType>(9)}}, "SessionOptions::packed.dtype");
  refused({.torchscript = {.length_policy = static_cast<LengthPolicy>(9)}},
          "SessionOptions::torchscript.length_policy");
}

TEST(CheckpointSession, AnAdapterAloneIsNoModel) {
  const ScratchFolder made;
  std::ofstream(made.path() / "adapter_config.json") << "{}";
  const auto load = [&] { BertSession::load(made.path()); };
  EXPECT_THAT(thrown_by(load).what(), HasSubstr("merge it first"));
  EXPECT_THAT(thrown_by([&] { (void)inspect(made.path()); }).what(), HasSubstr("merge it first"));
}

TEST(CheckpointSession, TheRootOfACachedModelPointsToItsFiles) {
  const ScratchFolder made;
  std::filesystem::create_directories(made.path() / "snapshots" / "0f1e");
  EXPECT_THAT(thrown_by([&] { BertSession::load(made.path()); }).what(), HasSubstr("a folder without one"));
  std::ofstream(made.path() / "snapshots" / "0f1e" / "config.json") << "{}";
  EXPECT_THAT(thrown_by([&] { BertSession::load(made.path()); }).what(), HasSubstr("snapshots/0f1e; name that folder"));
  std::filesystem::create_directories(made.path() / "snapshots" / "2d3c");
  std::ofstream(made.path() / "snapshots" / "2d3c" / "config.json") << "{}";
  EXPECT_THAT(thrown_by([&] { BertSession::load(made.path()); }).what(), HasSubstr("snapshots/0f1e and 1 more"));
}

}  // namespace
}  // namespace bertrt
