// Input rows into the layouts of a tile (kernels.h), K padded with zeros.

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

#include "hwy/highway.h"
#include "kernels/isa/kernels.h"
#include "kernels/isa/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

void pack_fp32(const Rows& from, std::size_t rows, void* tile) {
  constexpr std::size_t kLine = 4;  // groups in a cache line of a row, read once
  const std::size_t groups = from.in / kGroupWords;
  auto* to = static_cast<float*>(tile);
  for (std::size_t first = 0; first < groups; first += kLine) {
    const std::size_t count = std::min(kLine, groups - first);
    for (std::size_t r = 0; r < rows; ++r) {
      const float* x = from.x + r * from.stride + first * kGroupWords;
      for (std::size_t g = 0; g < count; ++g) {
        std::memcpy(to + ((first + g) * rows + r) * kGroupWords, x + g * kGroupWords, kGroupBytes);
      }
    }
  }
  const std::size_t rest = from.in % kGroupWords;
  if (rest == 0) return;
  for (std::size_t r = 0; r < rows; ++r) {
    float* group = to + (groups * rows + r) * kGroupWords;
    std::fill_n(group, kGroupWords, 0.0F);
    std::copy_n(from.x + r * from.stride + groups * kGroupWords, rest, group);
  }
}

// To bf16, to nearest even, in the upper half of an fp32; what is not a number stays so.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> round_to_bf16(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFU)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x400000U));
  const auto best = hn::BitCast(du, hn::IfThenElse(hn::Eq(x, x), hn::BitCast(d, rounded), hn::BitCast(d, quiet)));
  return hn::And(best, hn::Set(du, 0xFFFF0000U));
}

// Where a row's group stands in a tile, in groups: side by side with the other rows', or its block's.
struct InGroups {
  static constexpr std::size_t kTogether = 1;  // groups of a row that stand side by side
  explicit InGroups(std::size_t tile_rows) : rows(tile_rows) {}
  HWY_INLINE std::size_t operator()(std::size_t group, std::size_t row) const { return group * rows + row; }
  std::size_t rows;
};
struct InBlocks {
  static constexpr std::size_t kTogether = kBlockGroups;
  explicit InBlocks(std::size_t tile_rows) : rows(round_up(tile_rows, kBlockRows)) {}
  HWY_INLINE std::size_t operator()(std::size_t group, std::size_t row) const {
    return (group / kBlockGroups * rows + row) * kBlockGroups + group % kBlockGroups;
  }
  std::size_t rows;
};

// Some rows at a time, group by group, so that what they write to a line of the tile is written together; calls
// convert(values, place, row), what lies past the end of a row filled up with zeros.
constexpr std::size_t kRowsTogether = 4;

template <std::size_t kPerGroup, class Place, class Convert>
HWY_INLINE void for_groups(const Rows from, const Place& place, std::size_t first, std::size_t last,
                           const Convert& convert) {
  const std::size_t groups = from.in / kPerGroup;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t r = first; r < last; ++r) convert(from.x + r * from.stride + g * kPerGroup, place(g, r), r);
  }
  std::size_t rest = from.in % kPerGroup;
  const std::size_t end = round_up(groups + (rest != 0 ? 1 : 0), Place::kTogether);
  for (std::size_t g = groups; g < end; ++g, rest = 0) {
    for (std::size_t r = first; r < last; ++r) {
      float padded[kPerGroup] = {};
      std::copy_n(from.x + r * from.stride + g * kPerGroup, rest, padded);
      convert(padded, place(g, r), r);
    }
  }
}

template <class Place>
HWY_INLINE void pack_bf16_to(const Rows& from, std::size_t rows, void* tile) {
  const Place place(rows);
  const hn::CappedTag<float, 8> d;
  const hn::Rebind<std::uint16_t, decltype(d)> d16;
  auto* to = static_cast<std::uint16_t*>(tile);
  for (std::size_t first = 0; first < rows; first += kRowsTogether) {
    for_groups<8>(from, place, first, std::min(rows, first + kRowsTogether),
                  [&](const float* x, std::size_t at, std::size_t) HWY_ATTR {
                    for (std::size_t i = 0; i < 8; i += hn::Lanes(d)) {
                      const auto bits = hn::ShiftRight<16>(round_to_bf16(d, hn::LoadU(d, x + i)));
                      hn::StoreU(hn::DemoteTo(d16, hn::BitCast(hn::RebindToSigned<decltype(d)>(), bits)), d16,
                                 to + at * 8 + i);
                    }
                  });
  }
}

void pack_bf16(const Rows& from, std::size_t rows, void* tile) { pack_bf16_to<InGroups>(from, rows, tile); }

void pack_bf16_blocked(const Rows& from, std::size_t rows, void* tile) { pack_bf16_to<InBlocks>(from, rows, tile); }

void pack_bf16_wide(const Rows& from, std::size_t rows, void* tile) {
  const InGroups place(rows);
  const hn::CappedTag<float, 8> d;
  auto* to = static_cast<float*>(tile);
  for (std::size_t first = 0; first < rows; first += kRowsTogether) {
    for_groups<8>(from, place, first, std::min(rows, first + kRowsTogether),
                  [&](const float* x, std::size_t at, std::size_t) HWY_ATTR {
                    for (std::size_t i = 0; i < 8; i += hn::Lanes(d)) {
                      const auto bits = round_to_bf16(d, hn::LoadU(d, x + i));
                      hn::StoreU(hn::BitCast(d, bits), d, to + at * 8 + i);
                    }
                  });
  }
}

// How the values of a row become bytes: round(clamp(x * inverse, low, high)) + zero.
struct Grid {
  float inverse;
  float low;   // -zero
  float high;  // 255 - zero
};

// The range of some rows, widened to hold 0, over 0 … 255. The scale of a row with a value that is no finite number is
// none either, so that nothing sure comes out of it.
template <std::size_t kTogether>
HWY_INLINE void find_grids(const Rows& from, std::size_t first, float* scales, std::int32_t* zeros, Grid* grids) {
  const DF d;
  VF low[kTogether];
  VF high[kTogether];
  VF odd[kTogether];  // 0, or NaN
  HWY_UNROLL(4)
  for (std::size_t r = 0; r < kTogether; ++r) low[r] = high[r] = odd[r] = hn::Zero(d);
  const float* x = from.x + first * from.stride;
  std::size_t k = 0;
  for (; k + kLanes <= from.in; k += kLanes) {
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kTogether; ++r) {
      const VF value = hn::LoadU(d, x + r * from.stride + k);
      low[r] = hn::Min(low[r], value);
      high[r] = hn::Max(high[r], value);
      odd[r] = hn::MulAdd(value, hn::Zero(d), odd[r]);
    }
  }
  for (std::size_t r = 0; r < kTogether; ++r) {
    float least = hn::GetLane(hn::MinOfLanes(d, low[r]));
    float greatest = hn::GetLane(hn::MaxOfLanes(d, high[r]));
    float none = hn::GetLane(hn::SumOfLanes(d, odd[r]));
    for (std::size_t i = k; i < from.in; ++i) {
      none += 0.0F * x[r * from.stride + i];
      least = std::min(least, x[r * from.stride + i]);
      greatest = std::max(greatest, x[r * from.stride + i]);
    }
    float scale = (greatest - least) / 255.0F;
    // An empty or vanishing range has no grid; its row is all zero points.
    if (!(scale > 1e-30F && scale < 1e30F)) scale = 1.0F;
    const float inverse = 1.0F / scale;
    const float zero = none == 0 ? std::clamp(std::nearbyint(-least * inverse), 0.0F, 255.0F) : 0.0F;
    scales[first + r] = scale + none;
    zeros[first + r] = static_cast<std::int32_t>(zero);
    grids[r] = {inverse, -zero, 255.0F - zero};
  }
}

// Numbers below 2^22 that this is added to are rounded to integers, to nearest even, which the sum's low bits hold.
constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23

// To numbers of a type T.
template <std::size_t kTogether, class Place, class T>
HWY_INLINE void quantize_rows(const Rows& from, std::size_t first, const Place& place, T* HWY_RESTRICT tile,
                              float* scales, std::int32_t* zeros) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<T, decltype(d)> dt;
  Grid grids[kTogether];
  find_grids<kTogether>(from, first, scales, zeros, grids);
  const auto convert = [&](const float* x, std::size_t at, std::size_t r) HWY_ATTR {
    const Grid& grid = grids[r - first];
    const auto zero = hn::Set(du, static_cast<std::uint32_t>(zeros[r]));
    for (std::size_t i = 0; i < 16; i += hn::Lanes(d)) {
      const auto scaled = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, grid.inverse));
      const auto bounded = hn::Min(hn::Max(scaled, hn::Set(d, grid.low)), hn::Set(d, grid.high));
      const auto q = hn::Add(hn::BitCast(du, hn::Add(bounded, hn::Set(d, kMagic))), zero);
      hn::StoreU(hn::TruncateTo(dt, q), dt, tile + at * 16 + i);
    }
  };
  for_groups<16>(from, place, first, first + kTogether, convert);
}

template <class Place, class T>
HWY_INLINE void quantize_to(const Rows& from, std::size_t rows, T* tile, float* scales, std::int32_t* zeros) {
  const Place place(rows);
  std::size_t r = 0;
  for (; r + kRowsTogether <= rows; r += kRowsTogether) {
    quantize_rows<kRowsTogether>(from, r, place, tile, scales, zeros);
  }
  for (; r < rows; ++r) quantize_rows<1>(from, r, place, tile, scales, zeros);
}

void quantize(const Rows& from, std::size_t rows, void* tile, float* scales, std::int32_t* zeros) {
  quantize_to<InGroups>(from, rows, static_cast<std::uint8_t*>(tile), scales, zeros);
}

void quantize_blocked(const Rows& from, std::size_t rows, void* tile, float* scales, std::int32_t* zeros) {
  quantize_to<InBlocks>(from, rows, static_cast<std::uint8_t*>(tile), scales, zeros);
}

void quantize_wide(const Rows& from, std::size_t rows, void* tile, float* scales, std::int32_t* zeros) {
  quantize_to<InGroups>(from, rows, static_cast<std::uint16_t*>(tile), scales, zeros);
}

// One rounding of product and sum, where the instruction set has it.
template <class Place, class T>
HWY_INLINE void quantize_all(const Rows& from, std::size_t rows, float scale, std::int32_t zero, T* HWY_RESTRICT tile) {
  const Place place(rows);
  const hn::CappedTag<float, 16> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<T, decltype(d)> dt;
  const auto inverse = hn::Set(d, 1.0F / scale);
  const auto offset = hn::Set(d, static_cast<float>(zero));
  for (std::size_t first = 0; first < rows; first += kRowsTogether) {
    for_groups<16>(from, place, first, std::min(rows, first + kRowsTogether),
                   [&](const float* x, std::size_t at, std::size_t) HWY_ATTR {
                     for (std::size_t i = 0; i < 16; i += hn::Lanes(d)) {
                       const auto level = hn::MulAdd(hn::LoadU(d, x + i), inverse, offset);
                       const auto bounded = hn::Min(hn::Max(level, hn::Zero(d)), hn::Set(d, 255.0F));
                       const auto q = hn::BitCast(du, hn::Add(bounded, hn::Set(d, kMagic)));
                       hn::StoreU(hn::TruncateTo(dt, q), dt, tile + at * 16 + i);
                     }
                   });
  }
}

void quantize_over(const Rows& from, std::size_t rows, void* tile, float scale, std::int32_t zero) {
  quantize_all<InGroups>(from, rows, scale, zero, static_cast<std::uint8_t*>(tile));
}

void quantize_over_blocked(const Rows& from, std::size_t rows, void* tile, float scale, std::int32_t zero) {
  quantize_all<InBlocks>(from, rows, scale, zero, static_cast<std::uint8_t*>(tile));
}

void quantize_over_wide(const Rows& from, std::size_t rows, void* tile, float scale, std::int32_t zero) {
  quantize_all<InGroups>(from, rows, scale, zero, static_cast<std::uint16_t*>(tile));
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#endif
