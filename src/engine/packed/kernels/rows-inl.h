// Input rows into the layout of a tile: [group of K][row][4 words], K padded with zeros.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_ROWS_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_ROWS_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_ROWS_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/packed/kernels/kernels.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::engine::packed::kernels {
namespace HWY_NAMESPACE {

void pack_fp32(const float* x, std::size_t rows, std::size_t in, void* tile) {
  constexpr std::size_t kLine = 4;  // groups in a cache line of a row, read once
  const std::size_t groups = in / kGroupWords;
  auto* to = static_cast<float*>(tile);
  for (std::size_t first = 0; first < groups; first += kLine) {
    const std::size_t count = std::min(kLine, groups - first);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t g = 0; g < count; ++g) {
        std::memcpy(to + ((first + g) * rows + r) * kGroupWords, x + r * in + (first + g) * kGroupWords, kGroupBytes);
      }
    }
  }
  const std::size_t rest = in % kGroupWords;
  if (rest == 0) return;
  for (std::size_t r = 0; r < rows; ++r) {
    float* group = to + (groups * rows + r) * kGroupWords;
    std::fill_n(group, kGroupWords, 0.0F);
    std::copy_n(x + r * in + groups * kGroupWords, rest, group);
  }
}

// To bf16, to nearest even; what is not a number stays so.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> round_to_bf16(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFU)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x400000U));
  return hn::ShiftRight<16>(
      hn::BitCast(du, hn::IfThenElse(hn::Eq(x, x), hn::BitCast(d, rounded), hn::BitCast(d, quiet))));
}

// `in` is rounded up to whole vectors by the caller: eight numbers a group.
template <class Convert>
HWY_INLINE void pack_narrow(const float* x, std::size_t rows, std::size_t in, std::size_t per_group,
                            const Convert& convert) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t groups = in / per_group;
    for (std::size_t g = 0; g < groups; ++g) convert(x + r * in + g * per_group, g, r);
    if (in % per_group != 0) {
      float whole[16] = {};
      std::copy_n(x + r * in + groups * per_group, in % per_group, whole);
      convert(whole, groups, r);
    }
  }
}

void pack_bf16(const float* x, std::size_t rows, std::size_t in, void* tile) {
  const hn::CappedTag<float, 8> d;
  const hn::Rebind<std::uint16_t, decltype(d)> d16;
  auto* to = static_cast<std::uint16_t*>(tile);
  pack_narrow(x, rows, in, 8, [&](const float* from, std::size_t g, std::size_t r) HWY_ATTR {
    for (std::size_t i = 0; i < 8; i += hn::Lanes(d)) {
      const auto bits = round_to_bf16(d, hn::LoadU(d, from + i));
      hn::StoreU(hn::DemoteTo(d16, hn::BitCast(hn::RebindToSigned<decltype(d)>(), bits)), d16,
                 to + (g * rows + r) * 8 + i);
    }
  });
}

// Scale and zero point of a row: its range, widened to hold 0, over 0 … 255.
HWY_INLINE void row_range(const float* x, std::size_t in, float& scale, float& inverse, std::int32_t& zero) {
  const hn::ScalableTag<float> d;
  const std::size_t step = hn::Lanes(d);
  auto low = hn::Zero(d);
  auto high = hn::Zero(d);
  std::size_t k = 0;
  for (; k + step <= in; k += step) {
    const auto value = hn::LoadU(d, x + k);
    low = hn::Min(low, value);
    high = hn::Max(high, value);
  }
  float least = hn::GetLane(hn::MinOfLanes(d, low));
  float greatest = hn::GetLane(hn::MaxOfLanes(d, high));
  for (; k < in; ++k) {
    least = std::min(least, x[k]);
    greatest = std::max(greatest, x[k]);
  }
  scale = (greatest - least) / 255.0F;
  // An empty, infinite or vanishing range has no grid; its row is all zero points.
  if (!(scale > 1e-30F && scale < 1e30F)) scale = 1.0F;
  inverse = 1.0F / scale;
  zero = static_cast<std::int32_t>(std::clamp(std::nearbyint(-least * inverse), 0.0F, 255.0F));
}

void quantize(const float* x, std::size_t rows, std::size_t in, void* tile, float* scales, std::int32_t* zeros) {
  float inverses[kMaxTileRows];
  for (std::size_t r = 0; r < rows; ++r) row_range(x + r * in, in, scales[r], inverses[r], zeros[r]);
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  auto* to = static_cast<std::uint8_t*>(tile);
  pack_narrow(x, rows, in, 16, [&](const float* from, std::size_t g, std::size_t r) HWY_ATTR {
    const auto inverse = hn::Set(d, inverses[r]);
    const auto zero = hn::Set(di, zeros[r]);
    for (std::size_t i = 0; i < 16; i += hn::Lanes(d)) {
      // Bounded first, so that a row without a grid converts to something defined.
      const auto scaled = hn::Mul(hn::LoadU(d, from + i), inverse);
      const auto bounded = hn::Max(hn::Min(scaled, hn::Set(d, 256.0F)), hn::Set(d, -256.0F));
      const auto q = hn::Add(hn::NearestInt(bounded), zero);
      hn::StoreU(hn::DemoteTo(d8, q), d8, to + (g * rows + r) * 16 + i);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::engine::packed::kernels
HWY_AFTER_NAMESPACE();

#endif
