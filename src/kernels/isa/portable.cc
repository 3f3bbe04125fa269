#include "kernels/isa/portable.h"

#include "base/simd_dispatch.h"
#include "kernels/isa/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/isa/portable.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
}
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#include "kernels/isa/finish-inl.h"
#include "kernels/isa/rows-inl.h"
#include "kernels/isa/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

void fill(Kernels& kernels) {
  constexpr auto rows = std::make_index_sequence<kRows>();
  kernels.target = hwy::TargetName(HWY_TARGET);
  fill_tiles<DotFloat, DF>(kernels.fp32, "multiply-add", rows);
#if HWY_TARGET == HWY_SCALAR
  fill_tiles<DotBf16, DF>(kernels.bf16, "widened", rows);
  fill_tiles<DotInt8, DI>(kernels.int8, "widened", rows);
#else
  fill_wide_tiles<WideBf16>(kernels.bf16, "widened", rows);
  fill_wide_tiles<WideInt8>(kernels.int8, "widened", rows);
#endif
  kernels.finish_float = finish_float;
  kernels.finish_int8 = finish_int8;
  kernels.pack_fp32 = pack_fp32;
  kernels.pack_bf16 = {pack_bf16, pack_bf16_wide, pack_bf16_blocked};
  kernels.quantize = {quantize, quantize_wide, quantize_blocked};
  kernels.quantize_over = {quantize_over, quantize_over_wide, quantize_over_blocked};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::isa {
BERTRT_SIMD_FUNCTION(fill)
}

#if HWY_ONCE
namespace bertrt::kernels::isa {

Kernels portable(std::int64_t targets) {
  Kernels kernels;
  (*BERTRT_SIMD_BEST(fill, targets))(kernels);
  return kernels;
}

}  // namespace bertrt::kernels::isa
#endif
