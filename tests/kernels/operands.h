#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "base/simd_dispatch.h"
#include "hwy/highway.h"

namespace bertrt::kernels {

inline std::vector<float> random_values(std::size_t count, unsigned seed, float spread = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// To bf16, to nearest even. Not for NaN.
inline float as_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U);
}

/// Runs a test with the kernels of each instruction set that this machine has.
inline void on_every_target(const std::function<void()>& test) {
  const std::int64_t all = base::simd_targets();
  for (std::int64_t left = all; left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    SCOPED_TRACE(hwy::TargetName(target));
    base::limit_simd_targets(target);
    test();
  }
  base::limit_simd_targets(all);
}

}  // namespace bertrt::kernels
