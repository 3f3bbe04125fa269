// What happens to a tile's sums: bias and activation; for int8 first back to fp32.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_FINISH_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/isa/kernels.h"
#include "kernels/isa/math-inl.h"
#include "kernels/isa/vectors-inl.h"
#include "kernels/linear.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

// fp32 and bf16: as exact as fp32 is.
struct Exact {
  using Arithmetic = Fused;
  static HWY_INLINE VF gelu(DF d, VF x) { return gelu_erf<Arithmetic>(d, x); }
};

// int8: the same bits on every instruction set.
struct Alike {
  using Arithmetic = Apart;
  static HWY_INLINE VF gelu(DF d, VF x) { return gelu_erf_coarse<Arithmetic>(d, x); }
};

template <class Kind, Activation kActivation>
HWY_INLINE VF activate(DF d, VF x) {
  if constexpr (kActivation == Activation::gelu_erf) return Kind::gelu(d, x);
  if constexpr (kActivation == Activation::gelu_tanh) return gelu_tanh<typename Kind::Arithmetic>(d, x);
  if constexpr (kActivation == Activation::relu) return at_least(d, x, 0.0F);
  if constexpr (kActivation == Activation::tanh) return tanh<typename Kind::Arithmetic>(d, x);
  if constexpr (kActivation == Activation::silu) return silu<typename Kind::Arithmetic>(d, x);
  return x;
}

// The sums of one vector of columns, on their way to results; what belongs to the columns stays in registers.
class FloatColumns {
 public:
  using Kind = Exact;
  using Sum = float;
  FloatColumns(DF d, const Finish& finish, std::size_t column) : bias_(hn::Load(d, finish.bias + column)) {}
  HWY_INLINE VF value(DF d, const Sum* sums, std::size_t) const { return hn::Add(hn::Load(d, sums), bias_); }

 private:
  VF bias_;
};

class Int8Columns {
 public:
  using Kind = Alike;
  using Sum = std::int32_t;
  Int8Columns(DF d, const Finish& finish, std::size_t column)
      : row_scales_(finish.row_scales),
        row_zeros_(finish.row_zeros),
        sums_(hn::Load(DI(), finish.sums + column)),
        scales_(hn::Load(d, finish.scales + column)),
        bias_(hn::Load(d, finish.bias + column)) {}
  HWY_INLINE VF value(DF d, const Sum* sums, std::size_t row) const {
    const auto shift = hn::Mul(hn::Set(DI(), row_zeros_[row]), sums_);
    const auto sum = hn::ConvertTo(d, hn::Sub(hn::Load(DI(), sums), shift));
    return hn::Add(hn::Mul(sum, hn::Mul(hn::Set(d, row_scales_[row]), scales_)), bias_);
  }

 private:
  const float* HWY_RESTRICT row_scales_;
  const std::int32_t* HWY_RESTRICT row_zeros_;
  VI sums_;
  VF scales_;
  VF bias_;
};

template <class Columns, Activation kActivation>
void finish_panel(const typename Columns::Sum* HWY_RESTRICT sums, std::size_t rows, const Finish& finish) {
  const DF d;
  const std::size_t stride = finish.stride;
  for (std::size_t c = 0; c < kPanel; c += kLanes) {
    const Columns columns(d, finish, c);
    float* HWY_RESTRICT out = finish.out + c;
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < rows; ++r) {
      const VF y = columns.value(d, sums + r * kPanel + c, r);
      hn::StoreU(activate<typename Columns::Kind, kActivation>(d, y), d, out + r * stride);
    }
  }
}

template <class Columns, Activation kActivation>
void finish_rows(const typename Columns::Sum* sums, std::size_t rows, const Finish& finish) {
  if (finish.columns == kPanel) return finish_panel<Columns, kActivation>(sums, rows, finish);
  // The last panel: through memory of our own that holds all its columns.
  alignas(64) float whole[kMaxTileRows * kPanel];
  Finish inner = finish;
  inner.out = whole;
  inner.stride = kPanel;
  finish_panel<Columns, kActivation>(sums, rows, inner);
  for (std::size_t r = 0; r < rows; ++r)
    std::copy_n(whole + r * kPanel, finish.columns, finish.out + r * finish.stride);
}

template <class Columns>
void finish_tile(const typename Columns::Sum* sums, std::size_t rows, const Finish& finish) {
  switch (finish.activation) {
    case Activation::none: return finish_rows<Columns, Activation::none>(sums, rows, finish);
    case Activation::gelu_erf: return finish_rows<Columns, Activation::gelu_erf>(sums, rows, finish);
    case Activation::gelu_tanh: return finish_rows<Columns, Activation::gelu_tanh>(sums, rows, finish);
    case Activation::relu: return finish_rows<Columns, Activation::relu>(sums, rows, finish);
    case Activation::tanh: return finish_rows<Columns, Activation::tanh>(sums, rows, finish);
    case Activation::silu: return finish_rows<Columns, Activation::silu>(sums, rows, finish);
  }
}

void finish_float(const float* sums, std::size_t rows, const Finish& finish) {
  finish_tile<FloatColumns>(sums, rows, finish);
}

void finish_int8(const std::int32_t* sums, std::size_t rows, const Finish& finish) {
  finish_tile<Int8Columns>(sums, rows, finish);
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#endif
