// The inner product of the attention kernels, compiled once for each instruction set: included after Highway.

#if defined(BERTRT_KERNELS_OPS_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_KERNELS_OPS_MULTIPLY_INL_H_
#undef BERTRT_KERNELS_OPS_MULTIPLY_INL_H_
#else
#define BERTRT_KERNELS_OPS_MULTIPLY_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/ops/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

// Most query rows at a time: two vectors of sums a row, one broadcast and two loads must fit into the registers.
constexpr std::size_t kBlock = HWY_TARGET <= HWY_AVX3 ? 12 : (HWY_TARGET <= HWY_SSSE3 ? 6 : 4);

// sum over k of a[r][k] * b[k] for kRows rows and kVectors vectors: vector v of b[k] stands at b + v * apart + k *
// step.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply(const float* const* a, const float* HWY_RESTRICT b, std::size_t apart, std::size_t step,
                         std::size_t depth, V (&sum)[kRows][kVectors]) {
  const D d;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < depth; ++k, b += step) {
    V y[kVectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) y[v] = hn::LoadU(d, b + v * apart);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r][k]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(x, y[v], sum[r][v]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

#endif
