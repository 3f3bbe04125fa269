// Which of the compiled functions is called, and what is said of the processor.
#include "base/simd_dispatch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/processor.h"

namespace bertrt::base {
namespace {

template <std::int64_t kTarget>
std::int64_t bit_of(SimdTarget<kTarget> /*target*/) {
  return kTarget;
}

template <std::int64_t kTargets>
std::int64_t best(std::int64_t allowed) {
  return best_of_simd<kTargets>(allowed, [](auto target) { return bit_of(target); });
}

TEST(SimdDispatch, TakesTheLowestBitThatIsAllowed) {
  EXPECT_EQ(best<0b1101>(~std::int64_t{0}), 0b0001);
  EXPECT_EQ(best<0b1101>(0b0010), 0b1000);  // none: the plainest
  EXPECT_EQ(best<0b1101>(0), 0b1000);
  EXPECT_EQ(best<0b1101>(0b1100), 0b0100);
  constexpr std::int64_t kLast = std::int64_t{1} << 62;
  EXPECT_EQ(best<kLast | 1>(kLast), kLast);
  EXPECT_EQ(best<kLast>(0), kLast);
}

TEST(SimdDispatch, NoneButWhatIsCompiledAndNeverNone) {
  const std::int64_t all = simd_targets();
  EXPECT_NE(all, 0);
  EXPECT_EQ(all & ~HWY_TARGETS, 0);
  EXPECT_NE(all & HWY_STATIC_TARGET, 0);
  limit_simd_targets(HWY_STATIC_TARGET);
  EXPECT_EQ(simd_targets(), HWY_STATIC_TARGET);
  limit_simd_targets(0);
  EXPECT_EQ(simd_targets(), all);
}

#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))

// The kernel reads the same bits, and knows what it saves.
TEST(Processor, IsWhatTheKernelSays) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && line.rfind("flags", 0) != 0) {
  }
  ASSERT_EQ(line.rfind("flags", 0), 0U) << "no flags in /proc/cpuinfo";
  line += ' ';
  const auto has = [&](const std::string& flag) { return line.find(" " + flag + " ") != std::string::npos; };
  const Processor& p = processor();
  EXPECT_EQ(p.ssse3, has("ssse3"));
  EXPECT_EQ(p.sse41, has("sse4_1"));
  EXPECT_EQ(p.sse42, has("sse4_2"));
  EXPECT_EQ(p.clmul, has("pclmulqdq"));
  EXPECT_EQ(p.aes, has("aes"));
  EXPECT_EQ(p.sha, has("sha_ni"));
  EXPECT_EQ(p.avx2, has("avx2") && has("fma") && has("f16c") && has("abm") && has("bmi1") && has("bmi2"));
  EXPECT_EQ(p.avx512,
            p.avx2 && has("avx512f") && has("avx512vl") && has("avx512dq") && has("avx512bw") && has("avx512cd"));
  EXPECT_EQ(p.avx512_vnni, p.avx512 && has("avx512_vnni"));
  EXPECT_EQ(p.avx512_bf16, p.avx512 && has("avx512_bf16"));
}

#endif

}  // namespace
}  // namespace bertrt::base
