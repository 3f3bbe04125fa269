#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"
#include "session/trace_golden.h"

namespace bertrt {
namespace {

// One test: an operator that is registered stays so for the rest of the process.
TEST(OperatorLibrary, IsNamedWhenItIsMissingAndUsedWhenItIsGiven) {
  // Nobody here knows what another library's operators do with what a file tells them.
  EXPECT_EQ(thrown_by([] { load_trace("custom_operator.pt"); }).code(), ErrorCode::unsafe_model);
  const Error error = thrown_by([] { load_trace("custom_operator.pt", {.trust = Trust::full}); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("bertrt_test::scale"));

  const SessionOptions options = {.trust = Trust::full, .torchscript = {.operator_libraries = {BERTRT_SCALE_OPERATOR}}};
  for (int twice = 0; twice < 2; ++twice) {
    const BertSession session = load_trace("custom_operator.pt", options);
    for (const GoldenCase& golden : load_golden("custom_operator.json")) {
      expect_golden(session.run(golden.encoding), 0, golden);
    }
  }
}

}  // namespace
}  // namespace bertrt
