// Vector functions of the epilogues. Multiplications and additions are kept apart (no fused multiply-add), so that
// every instruction set gives the same bits; build with contraction off.
//
// The coefficients are weighted least-squares rational fits, iterated towards the minimax fit, in fp32.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_MATH_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::engine::packed::kernels {
namespace HWY_NAMESPACE {

// c[0] + c[1] t + c[2] t² + …, by Horner's scheme.
template <class D, std::size_t N>
HWY_INLINE hn::Vec<D> polynomial(D d, hn::Vec<D> t, const float (&c)[N]) {
  hn::Vec<D> sum = hn::Set(d, c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = hn::Add(hn::Mul(sum, t), hn::Set(d, c[i]));
  return sum;
}

// x P(x²) / Q(x²) for x clamped to ±limit, clamped to ±1: an odd function that saturates.
template <class D, std::size_t NP, std::size_t NQ>
HWY_INLINE hn::Vec<D> odd_rational(D d, hn::Vec<D> x, float limit, const float (&p)[NP], const float (&q)[NQ]) {
  x = hn::Min(hn::Max(x, hn::Set(d, -limit)), hn::Set(d, limit));
  const auto t = hn::Mul(x, x);
  const auto ratio = hn::Div(hn::Mul(x, polynomial(d, t, p)), polynomial(d, t, q));
  return hn::Min(hn::Max(ratio, hn::Set(d, -1.0F)), hn::Set(d, 1.0F));
}

// Error at most 3.4e-7.
template <class D>
HWY_INLINE hn::Vec<D> erf(D d, hn::Vec<D> x) {
  constexpr float p[] = {1.1283787548412407F,     0.2080175930927496F,    0.051648160555508006F, 0.00405028034637633F,
                         0.00015053227093913158F, -1.992226025005713e-6F, 1.973243316156884e-8F};
  constexpr float q[] = {1.0F, 0.5176793050006798F, 0.11834998928069518F, 0.015049483455179114F,
                         0.0010418747730742688F};
  return odd_rational(d, x, 3.94F, p, q);
}

// Error at most 3e-7.
template <class D>
HWY_INLINE hn::Vec<D> tanh(D d, hn::Vec<D> x) {
  constexpr float p[] = {0.999999982075F,        0.130984285746661F,      0.0031202158890479303F,
                         1.1329404346019953e-5F, -2.0971747025423386e-8F, 5.660981123482163e-11F,
                         -9.544068583156007e-14F};
  constexpr float q[] = {1.0F, 0.46431754093676053F, 0.024559495513549478F, 0.00025701036609636585F};
  return odd_rational(d, x, 8.55F, p, q);
}

// Error at most 2.2e-7 * max(1, |x|).
template <class D>
HWY_INLINE hn::Vec<D> gelu_erf(D d, hn::Vec<D> x) {
  const auto half = hn::Mul(x, hn::Set(d, 0.5F));
  return hn::Mul(half, hn::Add(hn::Set(d, 1.0F), erf(d, hn::Mul(x, hn::Set(d, 0.70710678118654752F)))));
}

template <class D>
HWY_INLINE hn::Vec<D> gelu_tanh(D d, hn::Vec<D> x) {
  const auto half = hn::Mul(x, hn::Set(d, 0.5F));
  const auto cube = hn::Mul(hn::Mul(hn::Mul(x, x), x), hn::Set(d, 0.044715F));
  return hn::Mul(half, hn::Add(hn::Set(d, 1.0F), tanh(d, hn::Mul(hn::Add(x, cube), hn::Set(d, 0.79788456080286536F)))));
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::engine::packed::kernels
HWY_AFTER_NAMESPACE();

#endif
