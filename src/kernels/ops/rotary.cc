#include "kernels/ops/rotary.h"

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/rotary.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void rotate(float* x, std::size_t heads, std::size_t head_size, const float* cosine, const float* sine,
            std::size_t pairs) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t head = 0; head < heads; ++head, x += head_size) {
    std::size_t i = 0;
    for (; i + lanes <= pairs; i += lanes) {
      const auto a = hn::LoadU(d, x + i);
      const auto b = hn::LoadU(d, x + pairs + i);
      const auto c = hn::LoadU(d, cosine + i);
      const auto s = hn::LoadU(d, sine + i);
      hn::StoreU(hn::NegMulAdd(b, s, hn::Mul(a, c)), d, x + i);
      hn::StoreU(hn::MulAdd(a, s, hn::Mul(b, c)), d, x + pairs + i);
    }
    for (; i < pairs; ++i) {
      const float a = x[i];
      const float b = x[pairs + i];
      x[i] = a * cosine[i] - b * sine[i];
      x[pairs + i] = b * cosine[i] + a * sine[i];
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(rotate)
}

#if HWY_ONCE
namespace bertrt::kernels::ops {

void rotate(float* x, std::size_t heads, std::size_t head_size, const float* cosine, const float* sine,
            std::size_t pairs) {
  BERTRT_SIMD_CALL(rotate)(x, heads, head_size, cosine, sine, pairs);
}

}  // namespace bertrt::kernels::ops
#endif
