// What happens to a tile's sums: bias, activation, residual; for int8 first back to fp32.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/packed/kernels/kernels.h"
#include "engine/packed/kernels/math-inl.h"
#include "engine/packed/linear.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::engine::packed::kernels {
namespace HWY_NAMESPACE {

template <Activation kActivation, class D>
HWY_INLINE hn::Vec<D> activate(D d, hn::Vec<D> x) {
  if constexpr (kActivation == Activation::gelu_erf) return gelu_erf(d, x);
  if constexpr (kActivation == Activation::gelu_tanh) return gelu_tanh(d, x);
  if constexpr (kActivation == Activation::relu) return hn::Max(x, hn::Zero(d));
  if constexpr (kActivation == Activation::tanh) return tanh(d, x);
  return x;
}

// One row of a whole panel; `residual` may be null and may be `out`.
template <Activation kActivation, class Linear>
HWY_INLINE void finish_row(const Linear& linear, const float* residual, float* out) {
  const hn::ScalableTag<float> d;
  for (std::size_t c = 0; c < kPanel; c += hn::Lanes(d)) {
    auto y = activate<kActivation>(d, linear(d, c));
    if (residual != nullptr) y = hn::Add(y, hn::LoadU(d, residual + c));
    hn::StoreU(y, d, out + c);
  }
}

template <Activation kActivation, class Linear>
HWY_INLINE void finish_rows(std::size_t rows, const Finish& finish, const Linear& linear) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* residual = finish.residual == nullptr ? nullptr : finish.residual + r * finish.stride;
    float* out = finish.out + r * finish.stride;
    const auto row = [&](auto d, std::size_t c) HWY_ATTR { return linear(d, r, c); };
    if (finish.columns == kPanel) {
      finish_row<kActivation>(row, residual, out);
    } else {  // the last panel: through a whole row of our own
      alignas(64) float whole[kPanel] = {};
      if (residual != nullptr) std::memcpy(whole, residual, finish.columns * sizeof(float));
      finish_row<kActivation>(row, residual == nullptr ? nullptr : whole, whole);
      std::memcpy(out, whole, finish.columns * sizeof(float));
    }
  }
}

template <class Linear>
HWY_INLINE void finish_any(std::size_t rows, const Finish& finish, const Linear& linear) {
  switch (finish.activation) {
    case Activation::none: return finish_rows<Activation::none>(rows, finish, linear);
    case Activation::gelu_erf: return finish_rows<Activation::gelu_erf>(rows, finish, linear);
    case Activation::gelu_tanh: return finish_rows<Activation::gelu_tanh>(rows, finish, linear);
    case Activation::relu: return finish_rows<Activation::relu>(rows, finish, linear);
    case Activation::tanh: return finish_rows<Activation::tanh>(rows, finish, linear);
  }
}

void finish_float(const float* sums, std::size_t rows, const Finish& finish) {
  finish_any(rows, finish, [&](auto d, std::size_t r, std::size_t c) HWY_ATTR {
    return hn::Add(hn::Load(d, sums + r * kPanel + c), hn::Load(d, finish.bias + c));
  });
}

void finish_int8(const std::int32_t* sums, std::size_t rows, const Finish& finish) {
  finish_any(rows, finish, [&](auto d, std::size_t r, std::size_t c) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const auto shift = hn::Mul(hn::Set(di, finish.row_zeros[r]), hn::Load(di, finish.sums + c));
    const auto sum = hn::ConvertTo(d, hn::Sub(hn::Load(di, sums + r * kPanel + c), shift));
    const auto scale = hn::Mul(hn::Set(d, finish.row_scales[r]), hn::Load(d, finish.scales + c));
    return hn::Add(hn::Mul(sum, scale), hn::Load(d, finish.bias + c));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::engine::packed::kernels
HWY_AFTER_NAMESPACE();

#endif
