#include "bertrt/options.h"

#include <gtest/gtest.h>

namespace bertrt {
namespace {

TEST(Options, EveryNameReadsBack) {
  for (const auto value : {EngineKind::automatic, EngineKind::packed, EngineKind::graph, EngineKind::torchscript}) {
    EXPECT_EQ(parse<EngineKind>(to_string(value)), value);
  }
  EXPECT_EQ(parse<EngineKind>("auto"), EngineKind::automatic);
  for (const auto value : {DType::fp32, DType::bf16, DType::int8}) EXPECT_EQ(parse<DType>(to_string(value)), value);
  for (const auto value : {LengthPolicy::automatic, LengthPolicy::fixed}) {
    EXPECT_EQ(parse<LengthPolicy>(to_string(value)), value);
  }
  for (const auto value : {Trust::data_only, Trust::checked, Trust::full}) {
    EXPECT_EQ(parse<Trust>(to_string(value)), value);
  }
  EXPECT_EQ(parse<DType>("fp64"), std::nullopt);
}

}  // namespace
}  // namespace bertrt
