// The exponential function of softmax, compiled once for each instruction set: included after Highway.

#if defined(BERTRT_KERNELS_OPS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_KERNELS_OPS_EXP_INL_H_
#undef BERTRT_KERNELS_OPS_EXP_INL_H_
#else
#define BERTRT_KERNELS_OPS_EXP_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// exp for x <= 0 (Cephes' expf polynomial, error below 2e-7 of the result); 0 below -86, and NaN of NaN.
template <class D>
HWY_INLINE hn::Vec<D> exp_negative(D d, hn::Vec<D> x) {
  using V = hn::Vec<D>;
  const hn::RebindToSigned<D> di;
  const V least = hn::Set(d, -86.0F);
  const auto below = hn::Lt(x, least);
  x = hn::IfThenElse(below, least, x);
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504F)));
  const V nf = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(nf, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(nf, hn::Set(d, -2.12194440e-4F), r);
  V p = hn::Set(d, 1.9875691500e-4F);
  p = hn::MulAdd(p, r, hn::Set(d, 1.3981999507e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1F));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1F));
  p = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), hn::Set(d, 1.0F));
  return hn::IfThenZeroElse(below, hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(n))));
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

#endif
