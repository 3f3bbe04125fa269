// The packed engine on the shipped model against the Python outputs that its bundle carries.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/packed/make_engine.h"
#include "engine/packed/self_test.h"

namespace bertrt::engine::packed {
namespace {

TEST(PackedDemo, AnswersAsPythonDoes) {
  const auto file = model::ModelFile::open(std::filesystem::path(BERTRT_MODELS) / "demo.pt");
  const auto engine = make_packed_engine(file, {});
  const SelfTestDifference worst = run_self_test(*file, *engine);
  EXPECT_GE(worst.cases, 2U);
  EXPECT_LE(worst.hidden, 1e-5F);
  EXPECT_LE(worst.logits, 1e-4F);
  RecordProperty("hidden", std::to_string(worst.hidden));
  RecordProperty("logits", std::to_string(worst.logits));
}

}  // namespace
}  // namespace bertrt::engine::packed
