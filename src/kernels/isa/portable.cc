#include "kernels/isa/portable.h"

#include "kernels/isa/kernels.h"
#include "kernels/ops/targets.h"

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
  kernels.pack_bf16 = pack_bf16;
  kernels.pack_bf16_wide = pack_bf16_wide;
  kernels.quantize = quantize;
  kernels.quantize_wide = quantize_wide;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bertrt::kernels::isa {

HWY_EXPORT(fill);

std::int64_t compiled_targets() { return HWY_TARGETS; }
std::int64_t plainest_target() { return HWY_STATIC_TARGET; }

Kernels portable(std::int64_t targets) {
  // Not Highway's process-wide choice: a table for any subset of the targets can be asked for at any time.
  hwy::ChosenTarget chosen;
  chosen.Update(targets);
  Kernels kernels;
#if HWY_IDE || ((HWY_TARGETS & (HWY_TARGETS - 1)) == 0)
  HWY_STATIC_DISPATCH(fill)(kernels);
#else
  (*HWY_DISPATCH_TABLE(fill)[chosen.GetIndex()])(kernels);
#endif
  return kernels;
}

}  // namespace bertrt::kernels::isa
#endif
