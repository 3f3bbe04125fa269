// BERTRT_MAX_ISA limits the matrix products; where it is set, this program's other kernels are limited alike, so that
// its tests see what a lesser processor computes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/simd_dispatch.h"

namespace bertrt::engine::packed {
namespace {

// The best of Highway's targets that a level allows; 0: all. Highway numbers them from the best down.
std::int64_t best_target(std::string_view level) {
  std::int64_t best = 0;
  if (level == "scalar") best = HWY_EMU128;
#if HWY_ARCH_X86
  if (level == "ssse3") best = HWY_SSSE3;
  if (level == "sse4") best = HWY_SSE4;
  if (level == "avx2") best = HWY_AVX2;
  if (level.starts_with("avx512")) best = HWY_AVX3;
#endif
  // Nothing plainer than what every processor of this build has is compiled.
  return std::min<std::int64_t>(best, HWY_STATIC_TARGET);
}

class IsaLimit : public testing::Environment {
 public:
  void SetUp() override {
    const char* level = std::getenv("BERTRT_MAX_ISA");
    if (level == nullptr) return;
    const std::int64_t best = best_target(level);
    ASSERT_NE(best, 0) << "unknown BERTRT_MAX_ISA: " << level;
    base::limit_simd_targets(~(best - 1));
    ASSERT_EQ(base::simd_targets() & (best - 1), 0) << level;
  }
};

[[maybe_unused]] const testing::Environment* const kIsaLimit = testing::AddGlobalTestEnvironment(new IsaLimit);

}  // namespace
}  // namespace bertrt::engine::packed
