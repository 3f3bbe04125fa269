#include <gtest/gtest.h>

#include <filesystem>

#include "bertrt/session.h"
#include "bertrt/verify.h"

namespace bertrt {
namespace {

// What users exported keeps loading and answering, on every engine of ours.
TEST(FrozenBundle, OfFormatOneLoadsAndAnswers) {
  for (const EngineKind engine : {EngineKind::automatic, EngineKind::packed, EngineKind::graph}) {
    const BertSession session =
        BertSession::load(std::filesystem::path(BERTRT_TEST_DATA) / "frozen" / "bundle-1.pt", {.engine = engine});
    EXPECT_EQ(session.info().architecture, "bert");
    EXPECT_EQ(session.info().task, "masked-lm");
    const VerifyReport report = verify(session);
    EXPECT_GT(report.cases, 0U);
    EXPECT_TRUE(report.ok) << to_string(engine);
  }
}

}  // namespace
}  // namespace bertrt
