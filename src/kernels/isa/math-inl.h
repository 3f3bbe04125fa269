// Vector functions of the epilogues, for two kinds of arithmetic: `Fused` where results may differ from one instruction
// set to the next by rounding, `Apart` (no multiplication is fused with an addition) where every one must give the same
// bits; build with contraction off.
//
// The coefficients are weighted least-squares fits, iterated towards the minimax fit, in fp32.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

struct Fused {
  template <class V>
  static HWY_INLINE V mul_add(V a, V b, V c) {
    return hn::MulAdd(a, b, c);
  }
};

struct Apart {
  template <class V>
  static HWY_INLINE V mul_add(V a, V b, V c) {
    return hn::Add(hn::Mul(a, b), c);
  }
};

// c[0] + c[1] t + c[2] t² + …, by Horner's scheme.
template <class Arithmetic, class D, std::size_t N>
HWY_INLINE hn::Vec<D> polynomial(D d, hn::Vec<D> t, const float (&c)[N]) {
  hn::Vec<D> sum = hn::Set(d, c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = Arithmetic::mul_add(sum, t, hn::Set(d, c[i]));
  return sum;
}

// Of NaN and a number x86's Min and Max give the second operand, WASM's NaN; these give the number.
constexpr bool kNaNIsLost =
    HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_RVV || HWY_ARCH_ARM != 0;

// Bounds that leave NaN what it is, so that a broken model does not look like a sure one.
template <class D>
HWY_INLINE hn::Vec<D> at_least(D d, hn::Vec<D> x, float low) {
  const auto bound = hn::Set(d, low);
  if constexpr (kNaNIsLost) return hn::IfThenElse(hn::Lt(x, bound), bound, x);
  return hn::Max(bound, x);
}
template <class D>
HWY_INLINE hn::Vec<D> at_most(D d, hn::Vec<D> x, float high) {
  const auto bound = hn::Set(d, high);
  if constexpr (kNaNIsLost) return hn::IfThenElse(hn::Gt(x, bound), bound, x);
  return hn::Min(bound, x);
}
template <class D>
HWY_INLINE hn::Vec<D> clamp(D d, hn::Vec<D> x, float limit) {
  return at_most(d, at_least(d, x, -limit), limit);
}

// x P(x²) / Q(x²) for x clamped to ±limit, clamped to ±1: an odd function that saturates.
template <class Arithmetic, class D, std::size_t NP, std::size_t NQ>
HWY_INLINE hn::Vec<D> odd_rational(D d, hn::Vec<D> x, float limit, const float (&p)[NP], const float (&q)[NQ]) {
  x = clamp(d, x, limit);
  const auto t = hn::Mul(x, x);
  const auto ratio = hn::Div(hn::Mul(x, polynomial<Arithmetic>(d, t, p)), polynomial<Arithmetic>(d, t, q));
  return clamp(d, ratio, 1.0F);
}

// Error at most 3.4e-7.
template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> erf(D d, hn::Vec<D> x) {
  constexpr float p[] = {1.1283787548412407F,     0.2080175930927496F,    0.051648160555508006F, 0.00405028034637633F,
                         0.00015053227093913158F, -1.992226025005713e-6F, 1.973243316156884e-8F};
  constexpr float q[] = {1.0F, 0.5176793050006798F, 0.11834998928069518F, 0.015049483455179114F,
                         0.0010418747730742688F};
  return odd_rational<Arithmetic>(d, x, 3.94F, p, q);
}

// Error at most 3e-7.
template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> tanh(D d, hn::Vec<D> x) {
  constexpr float p[] = {0.999999982075F,        0.130984285746661F,      0.0031202158890479303F,
                         1.1329404346019953e-5F, -2.0971747025423386e-8F, 5.660981123482163e-11F,
                         -9.544068583156007e-14F};
  constexpr float q[] = {1.0F, 0.46431754093676053F, 0.024559495513549478F, 0.00025701036609636585F};
  return odd_rational<Arithmetic>(d, x, 8.55F, p, q);
}

// Error at most 2.2e-7 * max(1, |x|).
template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> gelu_erf(D d, hn::Vec<D> x) {
  const auto half = hn::Mul(x, hn::Set(d, 0.5F));
  return Arithmetic::mul_add(half, erf<Arithmetic>(d, hn::Mul(x, hn::Set(d, 0.70710678118654752F))), half);
}

// The same as x (1/2 + x P(x²)) without a division. Error at most 9e-5 * max(1, x / 20), a hundredth of the steps of
// the 8 bits that its result is rounded to next.
template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> gelu_erf_coarse(D d, hn::Vec<D> x) {
  constexpr float p[] = {0.3984658122062683F,     -0.06552813947200775F,  0.009298196993768215F,
                         -0.0009506501955911517F, 6.688979192404076e-05F, -3.0378703286260134e-06F,
                         7.94112438029515e-08F,   -9.017226965113423e-10F};
  constexpr float kLimit = 4.2F;  // beyond it the result is x, or nothing
  const auto above = at_least(d, x, -kLimit);
  const auto near = at_most(d, above, kLimit);
  const auto odd = polynomial<Arithmetic>(d, hn::Mul(near, near), p);
  return hn::Mul(above, Arithmetic::mul_add(near, odd, hn::Set(d, 0.5F)));
}

template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> gelu_tanh(D d, hn::Vec<D> x) {
  const auto half = hn::Mul(x, hn::Set(d, 0.5F));
  const auto cube = hn::Mul(hn::Mul(hn::Mul(x, x), x), hn::Set(d, 0.044715F));
  const auto inner = hn::Mul(hn::Add(x, cube), hn::Set(d, 0.79788456080286536F));
  return Arithmetic::mul_add(half, tanh<Arithmetic>(d, inner), half);
}

// Error at most 3e-7 * max(1, |x|).
template <class Arithmetic, class D>
HWY_INLINE hn::Vec<D> silu(D d, hn::Vec<D> x) {
  const auto half = hn::Mul(x, hn::Set(d, 0.5F));
  return Arithmetic::mul_add(half, tanh<Arithmetic>(d, half), half);
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#endif
