#include "session/proof_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bertrt/runtime.h"
#include "session/scratch_folder.h"
#include "session/trace_golden.h"

namespace bertrt::session {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

TEST(ProofCache, HoldsWhatWasKeptForTheSameBytesAndEngine) {
  const ScratchFolder scratch;
  const std::filesystem::path folder = scratch.path() / "made" / "when needed";
  const ProofCache cache(folder, bytes_of("archive"), "engine 1");
  EXPECT_FALSE(cache.holds_proof());
  cache.keep_proof();
  EXPECT_TRUE(cache.holds_proof());
  EXPECT_TRUE(ProofCache(folder, bytes_of("archive"), "engine 1").holds_proof());
  EXPECT_FALSE(ProofCache(folder, bytes_of("archivf"), "engine 1").holds_proof());
  EXPECT_FALSE(ProofCache(folder, bytes_of("archive"), "engine 2").holds_proof());
  EXPECT_EQ(files_in(folder).size(), 1U) << "nothing half-written is left behind";
}

TEST(ProofCache, IgnoresWhatIsNotWhole) {
  const ScratchFolder scratch;
  const ProofCache cache(scratch.path(), bytes_of("archive"), "engine");
  cache.keep_proof();
  const std::string whole = read(cache.file());
  std::vector<std::string> damaged = {"", whole + "\n", std::string(1 << 16, 'x')};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    damaged.push_back(whole.substr(0, i));
    damaged.push_back(whole);
    damaged.back()[i] ^= 1;
  }
  for (const std::string& bytes : damaged) {
    write(cache.file(), bytes);
    EXPECT_FALSE(cache.holds_proof()) << bytes.substr(0, 100);
  }
  // Another archive's proof under this one's name.
  const ProofCache other(scratch.path(), bytes_of("another"), "engine");
  other.keep_proof();
  write(cache.file(), read(other.file()));
  EXPECT_FALSE(cache.holds_proof());
  cache.keep_proof();
  EXPECT_TRUE(cache.holds_proof());

  std::filesystem::remove(cache.file());
  std::filesystem::create_directory(cache.file());
  EXPECT_FALSE(cache.holds_proof());
}

TEST(ProofCache, AFolderThatCannotBeWrittenToCostsAWarning) {
  const ScratchFolder scratch;
  write(scratch.path() / "file", "not a folder");
  std::vector<std::string> warnings;
  set_warning_handler([&](std::string_view message) { warnings.emplace_back(message); });
  const ProofCache cache(scratch.path() / "file", bytes_of("archive"), "engine");
  cache.keep_proof();
  set_warning_handler({});
  EXPECT_FALSE(cache.holds_proof());
  EXPECT_THAT(warnings, Contains(HasSubstr("cannot be kept")));
}

TEST(ProofCache, WithoutAFolderKeepsNothing) {
  const ProofCache cache({}, bytes_of("archive"), "engine");
  cache.keep_proof();
  EXPECT_FALSE(cache.holds_proof());
}

bool ran_the_trace(const BertSession& session) {
  return std::ranges::any_of(session.info().load_stages,
                             [](const LoadStage& stage) { return stage.name == "evaluate the trace"; });
}

TEST(ProofCacheOfASession, SparesTheEvaluationAndSurvivesDamage) {
  const ScratchFolder scratch;
  const auto load = [&](DType dtype) {
    BertSession session =
        BertSession::load(trace_path("bert_layers.pt"),
                          {.trust = Trust::checked, .proof_cache = scratch.path(), .packed = {.dtype = dtype}});
    EXPECT_EQ(session.info().engine, EngineKind::packed) << session.info().engine_why;
    return session;
  };
  EXPECT_TRUE(ran_the_trace(load(DType::fp32)));
  const BertSession second = load(DType::fp32);
  EXPECT_FALSE(ran_the_trace(second));
  EXPECT_THAT(second.info().engine_why, HasSubstr("kept"));
  for (const GoldenCase& golden : load_golden("bert.json")) expect_golden(second.run(golden.encoding), 0, golden);
  EXPECT_TRUE(ran_the_trace(load(DType::bf16))) << "another dtype is another proof";

  for (const auto& file : files_in(scratch.path())) write(file, "half");
  EXPECT_TRUE(ran_the_trace(load(DType::fp32)));
  EXPECT_FALSE(ran_the_trace(load(DType::fp32))) << "the damaged file was replaced";
}

TEST(ProofCacheOfASession, KeepsAProofForEachEngine) {
  const ScratchFolder scratch;
  const std::pair<const char*, EngineKind> files[] = {{"bert_tuple.pt", EngineKind::packed},
                                                      {"toy_slice.pt", EngineKind::graph}};
  for (const auto& [file, engine] : files) {
    for (const bool kept : {false, true}) {
      const BertSession session = BertSession::load(trace_path(file), {.proof_cache = scratch.path()});
      EXPECT_EQ(session.info().engine, engine) << session.info().engine_why;
      EXPECT_EQ(session.info().engine_why.find("kept") != std::string::npos, kept) << session.info().engine_why;
    }
  }
  EXPECT_EQ(files_in(scratch.path()).size(), 2U);
}

}  // namespace
}  // namespace bertrt::session
