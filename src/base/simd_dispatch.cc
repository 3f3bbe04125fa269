#include "base/simd_dispatch.h"

#include <atomic>

#include "base/processor.h"

namespace bertrt::base {
namespace {

// What each of Highway's targets may use, as its own checks have it.
std::int64_t of_processor() {
  std::int64_t targets = HWY_STATIC_TARGET;
#if HWY_ARCH_X86
  const Processor& p = processor();
  const bool sse4 = p.ssse3 && p.sse41 && p.sse42 && p.clmul && p.aes;
  if (p.ssse3) targets |= HWY_SSSE3;
  if (sse4) targets |= HWY_SSE4;
  if (sse4 && p.avx2) targets |= HWY_AVX2;
  if (sse4 && p.avx512) targets |= HWY_AVX3;
#endif
  return targets & HWY_TARGETS;
}

std::atomic<std::int64_t> chosen{0};  // 0: not asked yet

}  // namespace

std::int64_t simd_targets() noexcept {
  std::int64_t targets = chosen.load(std::memory_order_relaxed);
  if (targets == 0) {
    targets = of_processor();
    chosen.store(targets, std::memory_order_relaxed);
  }
  return targets;
}

void limit_simd_targets(std::int64_t targets) noexcept {
  const std::int64_t all = of_processor();
  const std::int64_t limited = all & targets;
  chosen.store(limited != 0 ? limited : all, std::memory_order_relaxed);
}

}  // namespace bertrt::base
