// Which of the targets that Highway compiled a function for is called.
//
// Highway has a dispatch of its own, in its library. That library times the processor's clock when a program starts,
// 6 ms of every process (1.0.3 and 1.2), so only its headers are used:
//
//   HWY_BEFORE_NAMESPACE(); namespace bertrt::x::HWY_NAMESPACE { void scale(float* x) { … } } HWY_AFTER_NAMESPACE();
//   namespace bertrt::x { BERTRT_SIMD_FUNCTION(scale) }
//   #if HWY_ONCE … BERTRT_SIMD_CALL(scale)(x); … #endif
#pragma once

#include <cstdint>

#include "base/simd_targets.h"
// Highway after the targets that are left out.
#include "hwy/detect_targets.h"

namespace bertrt::base {

/// Highway's targets that this processor has, among those that are compiled; never none. Thread-safe.
std::int64_t simd_targets() noexcept;

/// Tests: no other targets than these, of those that simd_targets() has, from now on. 0: all. Not while others run.
void limit_simd_targets(std::int64_t targets) noexcept;

template <std::int64_t kTarget>
struct SimdTarget {};

/// What `of` gives for the best target among `kTargets` that is `allowed`; for the plainest where none is. Highway
/// numbers its targets from the best down.
template <std::int64_t kTargets, typename Of>
auto best_of_simd(std::int64_t allowed, Of of) {
  constexpr std::int64_t kBest = kTargets & -kTargets;
  constexpr std::int64_t kRest = kTargets & (kTargets - 1);
  if constexpr (kRest == 0) {
    return of(SimdTarget<kBest>());
  } else {
    return (allowed & kBest) != 0 ? of(SimdTarget<kBest>()) : best_of_simd<kRest>(allowed, of);
  }
}

}  // namespace bertrt::base

/// A function of HWY_NAMESPACE, made known to BERTRT_SIMD_CALL; in the namespace around, once for each target.
#define BERTRT_SIMD_FUNCTION(NAME)                                                                      \
  [[maybe_unused]] static constexpr auto NAME##_of(::bertrt::base::SimdTarget<HWY_TARGET> /*target*/) { \
    return &HWY_NAMESPACE::NAME;                                                                        \
  }

#define BERTRT_SIMD_BEST(NAME, ALLOWED) \
  ::bertrt::base::best_of_simd<HWY_TARGETS>(ALLOWED, [](auto target) { return NAME##_of(target); })

/// The function for this processor.
#define BERTRT_SIMD_CALL(NAME) (*BERTRT_SIMD_BEST(NAME, ::bertrt::base::simd_targets()))
