// A bundle whose self-test the packed engine does not pass must not be served by it, in any dtype.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "bertrt/verify.h"
#include "error_matchers.h"
#include "model/model_file.h"

namespace bertrt {
namespace {

using ::testing::AllOf;
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

// The demo model with one weight's rows in reverse order.
std::string with_rows_reversed(std::string archive, const std::string& ending) {
  const auto file = model::ModelFile::view(std::as_bytes(std::span(archive)), "demo");
  for (const model::Parameter& parameter : file->parameters()) {
    if (!parameter.name.ends_with(ending)) continue;
    const auto& tensor = parameter.tensor;
    const auto rows = static_cast<std::size_t>(tensor.shape.front());
    const std::size_t row = tensor.elements() / rows * archive::element_size(tensor.type);
    char* data = archive.data() + (reinterpret_cast<const char*>(tensor.storage.data()) - archive.data());
    for (std::size_t i = 0; i < rows / 2; ++i) {
      std::swap_ranges(data + i * row, data + (i + 1) * row, data + (rows - 1 - i) * row);
    }
    return archive;
  }
  ADD_FAILURE() << "no weight " << ending;
  return archive;
}

TEST(ProofBySelfTest, AcceptsTheModelInEveryDtype) {
  for (const DType dtype : kDTypes) {
    const BertSession session = BertSession::load(demo(), {.dtype = dtype});
    EXPECT_EQ(session.info().engine, EngineKind::packed) << session.info().engine_why;
    EXPECT_TRUE(verify(session).ok);
    EXPECT_THAT(stage_names(session),
                ElementsAre("read the file", "tokenizer", "pack encoder weights", "pack head weights",
                            "compare with the self-test", "let the file go"));
  }
}

TEST(ProofBySelfTest, CatchesOneWrongWeightInEveryDtype) {
  const std::string archive = read(demo());
  for (const char* weight : {"layer.0.attention.self.query.weight", "layer.3.attention.output.dense.weight",
                             "layer.5.output.dense.weight", "layer.3.output.LayerNorm.weight"}) {
    const std::string broken = with_rows_reversed(archive, weight);
    for (const DType dtype : kDTypes) {
      const Error error = thrown_by([&] {
        BertSession::load_from_memory(std::as_bytes(std::span(broken)), {.engine = EngineKind::packed, .dtype = dtype});
      });
      EXPECT_EQ(error.code(), ErrorCode::model_mismatch) << weight;
      EXPECT_THAT(error.what(), AllOf(HasSubstr("packed engine"), HasSubstr("self-test shows")));
    }
  }
}

TEST(ProofBySelfTest, CanBeSwitchedOff) {
  const std::string broken = with_rows_reversed(read(demo()), "layer.3.output.dense.weight");
  const BertSession session = BertSession::load_from_memory(std::as_bytes(std::span(broken)), {.prove = false});
  EXPECT_EQ(session.info().engine, EngineKind::packed);
  EXPECT_THAT(session.info().engine_why, HasSubstr("unchecked"));
  EXPECT_FALSE(verify(session).ok);
  EXPECT_THAT(stage_names(session), ElementsAre("read the file", "tokenizer", "pack encoder weights",
                                                "pack head weights", "warm-up", "let the file go"));
}

TEST(WarmUp, TakesTheCallersLengthsOnThePackedEngineToo) {
  const SessionOptions options{.engine = EngineKind::packed, .warmup_lengths = {5, 40}};
  EXPECT_THAT(stage_names(BertSession::load(demo(), options)), ::testing::Contains("warm-up"));
  const Error error =
      thrown_by([] { BertSession::load(demo(), {.engine = EngineKind::packed, .warmup_lengths = {513}}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bertrt
