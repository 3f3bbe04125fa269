// The vectors of one instruction set, by the names that the kernels use.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_VECTORS_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_VECTORS_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

using DF = hn::ScalableTag<float>;
using DI = hn::ScalableTag<std::int32_t>;
using VF = hn::Vec<DF>;
using VI = hn::Vec<DI>;

constexpr std::size_t kLanes = hn::MaxLanes(DF());

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#endif
