// A packed engine that computes something else than the trace must not be used, in any dtype.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "error_matchers.h"
#include "session/scratch_folder.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr DType kDTypes[] = {DType::fp32, DType::bf16, DType::int8};

std::vector<std::string> stage_names(const BertSession& session) {
  std::vector<std::string> names;
  for (const LoadStage& stage : session.info().load_stages) names.push_back(stage.name);
  return names;
}

TEST(ProofByTrace, AcceptsATraceInEveryDtype) {
  for (const DType dtype : kDTypes) {
    for (const char* file : {"bert_tuple.pt", "bert_dict.pt", "bert_batch2.pt", "bert_trap.pt", "bert_ids_only.pt",
                             "bert_ids_types.pt", "bert_int32.pt", "pytorch_pretrained_bert.pt", "bert_masked_lm.pt",
                             "bert_classify.pt", "bert_ner.pt", "bert_qa.pt"}) {
      const SessionInfo info = BertSession::load(trace_path(file), {.dtype = dtype}).info();
      EXPECT_EQ(info.engine, EngineKind::packed) << file << ": " << info.engine_why;
    }
  }
}

// Its weights have BERT's names, and its code does something else with them.
TEST(ProofByTrace, CatchesCodeThatDisagreesWithTheWeightsInEveryDtype) {
  for (const DType dtype : kDTypes) {
    const BertSession session = BertSession::load(trace_path("bert_scaled.pt"), {.dtype = dtype});
    EXPECT_EQ(session.info().engine, EngineKind::torchscript);
    EXPECT_THAT(session.info().engine_why, HasSubstr("packed is not used: against the trace a difference"));
    for (const GoldenCase& golden : load_golden("bert_scaled.json")) {
      expect_golden(session.run(golden.encoding), 0, golden);
    }
    const Error error = thrown_by(
        [&] { BertSession::load(trace_path("bert_scaled.pt"), {.engine = EngineKind::packed, .dtype = dtype}); });
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
    EXPECT_THAT(error.what(), HasSubstr("against the trace"));
  }
}

TEST(ProofByTrace, RunsTheTraceAtItsTracedShapeAlone) {
  EXPECT_THAT(stage_names(BertSession::load(trace_path("bert_tuple.pt"))),
              ElementsAre("read the file", "tokenizer", "torch::jit::load", "first run", "run the trace",
                          "pack encoder weights", "compare with the trace", "let the file go"));
}

TEST(UnknownArchitecture, FallsBackWithoutRunningTheTraceTwice) {
  const BertSession session = BertSession::load(trace_path("longformer.pt"));
  EXPECT_EQ(session.info().engine, EngineKind::torchscript);
  EXPECT_THAT(session.info().engine_why, HasSubstr("packed is not used"));
  EXPECT_THAT(stage_names(session), Not(::testing::Contains("run the trace")));
  const Error error = thrown_by([] { BertSession::load(trace_path("longformer.pt"), {.engine = EngineKind::packed}); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
}

// A mapped file that is cut would end the process; ours was copied and let go.
TEST(LoadedFile, MayBeCutOrReplaced) {
  const ScratchFolder scratch;
  const std::filesystem::path path = scratch.path() / "model.pt";
  for (const EngineKind engine : {EngineKind::packed, EngineKind::torchscript}) {
    std::filesystem::copy_file(trace_path("bert_layers.pt"), path, std::filesystem::copy_options::overwrite_existing);
    const BertSession session = BertSession::load(path, {.engine = engine});
    std::filesystem::resize_file(path, 100);
    for (const GoldenCase& golden : load_golden("bert.json")) expect_golden(session.run(golden.encoding), 0, golden);
  }
}

}  // namespace
}  // namespace bertrt
