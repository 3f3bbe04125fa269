// A packed engine that computes something else than the trace must not be used, in any dtype.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "archive/crc32.h"
#include "bertrt/verify.h"
#include "error_matchers.h"
#include "model/model_file.h"
#include "session/scratch_folder.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr DType kDTypes[] = {DType::fp32, DType::bf16, DType::int8};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::filesystem::path demo() { return std::filesystem::path(BERTRT_MODELS) / "demo.pt"; }

std::vector<std::string> stage_names(const BertSession& session) {
  std::vector<std::string> names;
  for (const LoadStage& stage : session.info().load_stages) names.push_back(stage.name);
  return names;
}

// The checksum, in the entry's header and in the directory: this is another model, not a damaged file.
void put_checksum(std::string& archive, std::uint32_t before, std::uint32_t after) {
  const std::string_view old(reinterpret_cast<const char*>(&before), sizeof before);
  for (std::size_t at = archive.find(old); at != std::string::npos; at = archive.find(old, at + 4)) {
    std::memcpy(archive.data() + at, &after, sizeof after);
  }
}

// A bundle with other words, as long, in the place of some words in one of its entries.
std::string with_words(std::string archive, const std::string& entry, std::string_view words, std::string_view others) {
  const auto file = model::ModelFile::view(std::as_bytes(std::span(archive)), "bundle");
  const std::string_view text = file->extra(entry).value();
  const std::size_t at = text.find(words);
  EXPECT_NE(at, std::string_view::npos);
  EXPECT_EQ(words.size(), others.size());
  const std::uint32_t before = archive::crc32_of(std::as_bytes(std::span(text)));
  others.copy(archive.data() + (text.data() - archive.data()) + at, others.size());
  put_checksum(archive, before, archive::crc32_of(std::as_bytes(std::span(text))));
  return archive;
}

// The demo model with one weight's rows in reverse order.
std::string with_rows_reversed(std::string archive, const std::string& ending) {
  const auto file = model::ModelFile::view(std::as_bytes(std::span(archive)), "demo");
  for (const model::Parameter& parameter : file->parameters()) {
    if (!parameter.name.ends_with(ending)) continue;
    const auto& tensor = parameter.tensor;
    const auto rows = static_cast<std::size_t>(tensor.shape.front());
    const std::size_t row = tensor.elements() / rows * archive::element_size(tensor.type);
    char* data = archive.data() + (reinterpret_cast<const char*>(tensor.storage.data()) - archive.data());
    const std::uint32_t before = archive::crc32_of(tensor.storage);
    for (std::size_t i = 0; i < rows / 2; ++i) {
      std::swap_ranges(data + i * row, data + (i + 1) * row, data + (rows - 1 - i) * row);
    }
    put_checksum(archive, before, archive::crc32_of(tensor.storage));
    return archive;
  }
  ADD_FAILURE() << "no weight " << ending;
  return archive;
}

TEST(ProofBySelfTest, AcceptsTheModelInEveryDtype) {
  for (const DType dtype : kDTypes) {
    const BertSession session = BertSession::load(demo(), {.packed = {.dtype = dtype}});
    EXPECT_EQ(session.info().engine, EngineKind::packed) << session.info().engine_why;
    EXPECT_TRUE(verify(session).ok);
    EXPECT_THAT(stage_names(session), ElementsAre("read the file", "tokenizer", "read the trace", "make the engine",
                                                  "warm-up", "compare with the self-test", "let the file go"));
  }
}

TEST(ProofBySelfTest, CatchesOneWrongWeightInEveryDtype) {
  const std::string archive = read(demo());
  for (const char* weight : {"layer.0.attention.self.query.weight", "layer.3.attention.output.dense.weight",
                             "layer.5.output.dense.weight", "layer.3.output.LayerNorm.weight"}) {
    const std::string broken = with_rows_reversed(archive, weight);
    for (const DType dtype : kDTypes) {
      const Error error = thrown_by(
          [&] { BertSession::load_from_memory(std::as_bytes(std::span(broken)), {.packed = {.dtype = dtype}}); });
      EXPECT_EQ(error.code(), ErrorCode::model_mismatch) << weight;
      EXPECT_THAT(error.what(), HasSubstr("its self-test shows"));
    }
  }
}

TEST(ProofBySelfTest, CatchesAnotherTokenizer) {
  const std::string bundle = read(std::filesystem::path(BERTRT_TEST_DATA) / "frozen" / "bundle-1.pt");
  const std::string entry = "bertrt/tokenizer/tokenizer.json";
  // Two words of the vocabulary change places.
  const std::string permuted = with_words(bundle, entry, "\"a\":10,\"b\":11", "\"a\":11,\"b\":10");
  const auto load = [](const std::string& archive, const SessionOptions& options) {
    return BertSession::load_from_memory(std::as_bytes(std::span(archive)), options);
  };
  for (const EngineKind engine : {EngineKind::packed, EngineKind::graph}) {
    EXPECT_THAT(thrown_by([&] { load(permuted, {.engine = engine}); }).what(),
                HasSubstr("its tokenizer gives other ids"));
  }
  EXPECT_FALSE(verify(load(permuted, {.prove = false})).tokens_equal);
}

TEST(Manifest, HasALabelForEachNumber) {
  const std::string bundle =
      read(std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / "bundles" / "text-classification-multi.pt");
  const std::string fewer = with_words(bundle, "bertrt/manifest.json", "LABEL_0\",\"LABEL_1", "LABEL_0   LABEL_1");
  const Error error = thrown_by([&] { BertSession::load_from_memory(std::as_bytes(std::span(fewer))); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  EXPECT_THAT(error.what(), HasSubstr("labels"));
}

TEST(ProofBySelfTest, CanBeSwitchedOff) {
  const std::string broken = with_rows_reversed(read(demo()), "layer.3.output.dense.weight");
  const BertSession session = BertSession::load_from_memory(std::as_bytes(std::span(broken)), {.prove = false});
  EXPECT_EQ(session.info().engine, EngineKind::packed);
  EXPECT_THAT(session.info().engine_why, HasSubstr("unchecked"));
  EXPECT_FALSE(verify(session).ok);
  EXPECT_THAT(stage_names(session), ElementsAre("read the file", "tokenizer", "read the trace", "make the engine",
                                                "warm-up", "let the file go"));
}

TEST(WarmUp, TakesTheCallersLengthsOnThePackedEngineToo) {
  const SessionOptions options{.engine = EngineKind::packed, .warmup_lengths = {5, 40}};
  EXPECT_THAT(stage_names(BertSession::load(demo(), options)), ::testing::Contains("warm-up"));
  const Error error =
      thrown_by([] { BertSession::load(demo(), {.engine = EngineKind::packed, .warmup_lengths = {513}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
}

TEST(ProofByTrace, AcceptsATraceInEveryDtype) {
  for (const DType dtype : kDTypes) {
    for (const char* file : {"bert_tuple.pt", "bert_dict.pt", "bert_batch2.pt", "bert_trap.pt", "bert_ids_only.pt",
                             "bert_ids_types.pt", "bert_int32.pt", "pytorch_pretrained_bert.pt", "bert_masked_lm.pt",
                             "bert_classify.pt", "bert_ner.pt", "bert_qa.pt"}) {
      const SessionInfo info =
          BertSession::load(trace_path(file), {.trust = Trust::checked, .packed = {.dtype = dtype}}).info();
      EXPECT_EQ(info.engine, EngineKind::packed) << file << ": " << info.engine_why;
    }
  }
}

// Its weights have BERT's names, and its code does something else with them: that is what runs.
TEST(ProofByTrace, RunsWhatTheCodeSaysNotWhatTheNamesDo) {
  const BertSession session = BertSession::load(trace_path("bert_scaled.pt"));
  for (const GoldenCase& golden : load_golden("bert_scaled.json")) {
    expect_golden(session.run(golden.encoding, RunRequest::everything()), 0, golden);
  }
}

TEST(ProofByTrace, EvaluatesTheTraceItself) {
  EXPECT_THAT(stage_names(BertSession::load(trace_path("bert_tuple.pt"), {.trust = Trust::checked})),
              ElementsAre("read the file", "tokenizer", "read the trace", "evaluate the trace", "make the engine",
                          "compare with the trace", "let the file go"));
}

TEST(UnknownArchitecture, RunsOnTheGraphEngine) {
  const BertSession session = BertSession::load(trace_path("longformer.pt"), {.trust = Trust::checked});
  EXPECT_EQ(session.info().engine, EngineKind::graph);
  EXPECT_THAT(session.info().engine_why, HasSubstr("packed is not used"));
  const Error error = thrown_by([] { BertSession::load(trace_path("longformer.pt"), {.engine = EngineKind::packed}); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
}

// A mapped file that is cut would end the process; ours was copied and let go.
TEST(LoadedFile, MayBeCutOrReplaced) {
  const ScratchFolder scratch;
  const std::filesystem::path path = scratch.path() / "model.pt";
  for (const EngineKind engine : {EngineKind::packed, EngineKind::torchscript}) {
    std::filesystem::copy_file(trace_path("bert_layers.pt"), path, std::filesystem::copy_options::overwrite_existing);
    const BertSession session = BertSession::load(path, {.engine = engine, .trust = Trust::checked});
    std::filesystem::resize_file(path, 100);
    for (const GoldenCase& golden : load_golden("bert.json")) expect_golden(session.run(golden.encoding), 0, golden);
  }
}

}  // namespace
}  // namespace bertrt
