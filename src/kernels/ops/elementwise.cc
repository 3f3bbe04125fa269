#include "kernels/ops/elementwise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/elementwise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
}
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();
#include "kernels/isa/math-inl.h"
#include "kernels/ops/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace math = isa::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <typename Function>
HWY_INLINE void apply(const float* x, std::size_t count, float* out, Function function) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(function(d, hn::LoadU(d, x + i)), d, out + i);
  if (i == count) return;
  HWY_ALIGN float line[hn::MaxLanes(D())] = {};
  std::copy_n(x + i, count - i, line);
  hn::Store(function(d, hn::Load(d, line)), d, line);
  std::copy_n(line, count - i, out + i);
}

void gelu_erf(const float* x, std::size_t count, float* out) {
  apply(x, count, out, [](D d, V v) HWY_ATTR { return math::gelu_erf<math::Fused>(d, v); });
}
void gelu_tanh(const float* x, std::size_t count, float* out) {
  apply(x, count, out, [](D d, V v) HWY_ATTR { return math::gelu_tanh<math::Fused>(d, v); });
}
void tanh(const float* x, std::size_t count, float* out) {
  apply(x, count, out, [](D d, V v) HWY_ATTR { return math::tanh<math::Fused>(d, v); });
}

void multiply(const float* y, std::size_t count, float* x) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, x + i);
  for (; i < count; ++i) x[i] *= y[i];
}

void softmax(const float* x, std::size_t rows, std::size_t width, float* out) {
  for (std::size_t row = 0; row < rows; ++row, x += width, out += width) {
    float highest = -std::numeric_limits<float>::infinity();
    bool numbers = true;
    for (std::size_t i = 0; i < width; ++i) {
      highest = std::max(highest, x[i]);
      numbers = numbers && !std::isnan(x[i]);
    }
    if (!numbers || !std::isfinite(highest)) {
      std::fill_n(out, width, std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    apply(x, width, out, [highest](D d, V v) HWY_ATTR { return exp_negative(d, hn::Sub(v, hn::Set(d, highest))); });
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(out[i]);
    const auto share = static_cast<float>(1 / sum);
    for (std::size_t i = 0; i < width; ++i) out[i] *= share;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(gelu_erf)
BERTRT_SIMD_FUNCTION(gelu_tanh)
BERTRT_SIMD_FUNCTION(tanh)
BERTRT_SIMD_FUNCTION(multiply)
BERTRT_SIMD_FUNCTION(softmax)
}  // namespace bertrt::kernels::ops

#if HWY_ONCE
namespace bertrt::kernels::ops {

void gelu_erf(const float* x, std::size_t count, float* out) { BERTRT_SIMD_CALL(gelu_erf)(x, count, out); }
void gelu_tanh(const float* x, std::size_t count, float* out) { BERTRT_SIMD_CALL(gelu_tanh)(x, count, out); }
void tanh(const float* x, std::size_t count, float* out) { BERTRT_SIMD_CALL(tanh)(x, count, out); }
void multiply(const float* y, std::size_t count, float* x) { BERTRT_SIMD_CALL(multiply)(y, count, x); }
void softmax(const float* x, std::size_t rows, std::size_t width, float* out) {
  BERTRT_SIMD_CALL(softmax)(x, rows, width, out);
}

}  // namespace bertrt::kernels::ops
#endif
