// The vectors of fp32 that the kernels here work on, compiled once for each instruction set: included after Highway.

#if defined(BERTRT_KERNELS_OPS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_KERNELS_OPS_VECTORS_INL_H_
#undef BERTRT_KERNELS_OPS_VECTORS_INL_H_
#else
#define BERTRT_KERNELS_OPS_VECTORS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr std::size_t kLanes = hn::MaxLanes(D());

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

#endif
