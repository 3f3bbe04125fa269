#include "kernels/ops/rows.h"

#include <algorithm>
#include <bit>

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/rows.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;
using Half = hn::Rebind<hwy::float16_t, Wide>;
using OneWide = hn::CappedTag<float, 1>;
using OneHalf = hn::Rebind<hwy::float16_t, OneWide>;

const hwy::float16_t* halves(const std::uint16_t* p) { return reinterpret_cast<const hwy::float16_t*>(p); }

void add_row(const float* row, std::size_t width, float* out) {
  const Wide d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= width; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::LoadU(d, row + i)), d, out + i);
  }
  for (; i < width; ++i) out[i] += row[i];
}

void add_row_half(const std::uint16_t* row, std::size_t width, float* out) {
  const Wide d;
  const Half dh;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= width; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::PromoteTo(d, hn::LoadU(dh, halves(row + i)))), d, out + i);
  }
  for (; i < width; ++i) {
    out[i] += hn::GetLane(hn::PromoteTo(OneWide(), hn::LoadU(OneHalf(), halves(row + i))));
  }
}

// A product and a sum, not one step: every set of instructions gives the same bits.
void add_row_int8(const std::int8_t* row, float scale, std::size_t width, float* out) {
  const Wide d;
  const hn::Rebind<std::int8_t, Wide> d8;
  const hn::Rebind<std::int32_t, Wide> d32;
  const auto scales = hn::Set(d, scale);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= width; i += hn::Lanes(d)) {
    const auto values = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, row + i)));
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::Mul(values, scales)), d, out + i);
  }
  for (; i < width; ++i) {
    const float value = static_cast<float>(row[i]) * scale;
    out[i] += value;
  }
}

// By their bits, which are ordered as magnitudes are. Two side by side: no comparison waits for the one before it.
float greatest(const float* values, std::size_t count) {
  const hn::RebindToSigned<Wide> d;
  constexpr std::int32_t kMagnitude = 0x7FFFFFFF;
  const auto mask = hn::Set(d, kMagnitude);
  const auto bits = [&](std::size_t i)
                        HWY_ATTR { return hn::And(hn::BitCast(d, hn::LoadU(Wide(), values + i)), mask); };
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * hn::Lanes(d) <= count; i += 2 * hn::Lanes(d)) {
    even = hn::Max(even, bits(i));
    odd = hn::Max(odd, bits(i + hn::Lanes(d)));
  }
  std::int32_t most = hn::GetLane(hn::MaxOfLanes(d, hn::Max(even, odd)));
  for (; i < count; ++i) most = std::max(most, std::bit_cast<std::int32_t>(values[i]) & kMagnitude);
  return std::bit_cast<float>(most);
}

bool are_finite(const std::uint16_t* halves, std::size_t count) {
  const hn::ScalableTag<std::uint16_t> d;
  constexpr std::uint16_t kExponent = 0x7C00;  // all ones: infinity, or no number
  const auto exponent = hn::Set(d, kExponent);
  auto odd = hn::Zero(d);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    odd = hn::Or(odd, hn::VecFromMask(d, hn::Eq(hn::And(hn::LoadU(d, halves + i), exponent), exponent)));
  }
  bool finite = hn::AllFalse(d, hn::Eq(odd, hn::Set(d, 0xFFFF)));
  for (; i < count; ++i) finite = finite && (halves[i] & kExponent) != kExponent;
  return finite;
}

void widen(const std::uint16_t* in, std::size_t count, float* out) {
  const Wide d;
  const Half dh;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, halves(in + i))), d, out + i);
  }
  for (; i < count; ++i) out[i] = hn::GetLane(hn::PromoteTo(OneWide(), hn::LoadU(OneHalf(), halves(in + i))));
}

void narrow(const float* in, std::size_t count, std::uint16_t* out) {
  const Wide d;
  const Half dh;
  auto* to = reinterpret_cast<hwy::float16_t*>(out);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, in + i)), dh, to + i);
  }
  for (; i < count; ++i) hn::StoreU(hn::DemoteTo(OneHalf(), hn::LoadU(OneWide(), in + i)), OneHalf(), to + i);
}

// A tile of kRows × kEntries dot products that are summed lane by lane and folded at the end.
template <int kRows, int kEntries>
HWY_INLINE void dot_tile(const float* x, std::size_t width, const float* table, const float* bias, float* y,
                         std::size_t y_stride) {
  const Wide d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = width - width % lanes;
  hn::Vec<Wide> sum[kRows][kEntries];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int e = 0; e < kEntries; ++e) sum[r][e] = hn::Zero(d);
  }
  for (std::size_t i = 0; i < whole; i += lanes) {
    hn::Vec<Wide> t[kEntries];
#pragma GCC unroll 8
    for (int e = 0; e < kEntries; ++e) t[e] = hn::LoadU(d, table + static_cast<std::size_t>(e) * width + i);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto a = hn::LoadU(d, x + static_cast<std::size_t>(r) * width + i);
#pragma GCC unroll 8
      for (int e = 0; e < kEntries; ++e) sum[r][e] = hn::MulAdd(a, t[e], sum[r][e]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int e = 0; e < kEntries; ++e) {
      const float* xr = x + static_cast<std::size_t>(r) * width;
      const float* te = table + static_cast<std::size_t>(e) * width;
      float dot = hn::GetLane(hn::SumOfLanes(d, sum[r][e]));
      for (std::size_t i = whole; i < width; ++i) dot += xr[i] * te[i];
      y[static_cast<std::size_t>(r) * y_stride + static_cast<std::size_t>(e)] =
          dot + (bias != nullptr ? bias[e] : 0.0F);
    }
  }
}

template <int kEntries>
void dot_rows(const float* x, std::size_t rows, std::size_t width, const float* table, const float* bias, float* y,
              std::size_t y_stride) {
  constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
  std::size_t r = 0;
  for (; r + kRows <= rows; r += kRows) {
    dot_tile<kRows, kEntries>(x + r * width, width, table, bias, y + r * y_stride, y_stride);
  }
  for (; r < rows; ++r) dot_tile<1, kEntries>(x + r * width, width, table, bias, y + r * y_stride, y_stride);
}

// One block of the table, which stays in a core's cache while all rows pass by.
void row_dot_block(const float* x, std::size_t rows, std::size_t width, const float* table, std::size_t entries,
                   const float* bias, float* y, std::size_t y_stride) {
  std::size_t e = 0;
  for (; e + 4 <= entries; e += 4) {
    dot_rows<4>(x, rows, width, table + e * width, bias != nullptr ? bias + e : nullptr, y + e, y_stride);
  }
  for (; e < entries; ++e) {
    dot_rows<1>(x, rows, width, table + e * width, bias != nullptr ? bias + e : nullptr, y + e, y_stride);
  }
}

void row_dot(const float* x, std::size_t rows, std::size_t width, const float* table, std::size_t entries,
             const float* bias, float* y, std::size_t y_stride) {
  for (std::size_t e = 0; e < entries; e += kRowDotBlock) {
    row_dot_block(x, rows, width, table + e * width, std::min(kRowDotBlock, entries - e),
                  bias != nullptr ? bias + e : nullptr, y + e, y_stride);
  }
}

void row_dot_half(const float* x, std::size_t rows, std::size_t width, const std::uint16_t* table, std::size_t entries,
                  const float* bias, float* y, std::size_t y_stride, float* scratch) {
  for (std::size_t e = 0; e < entries; e += kRowDotBlock) {
    const std::size_t block = std::min(kRowDotBlock, entries - e);
    widen(table + e * width, block * width, scratch);
    row_dot_block(x, rows, width, scratch, block, bias != nullptr ? bias + e : nullptr, y + e, y_stride);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(add_row)
BERTRT_SIMD_FUNCTION(add_row_half)
BERTRT_SIMD_FUNCTION(add_row_int8)
BERTRT_SIMD_FUNCTION(greatest)
BERTRT_SIMD_FUNCTION(are_finite)
BERTRT_SIMD_FUNCTION(widen)
BERTRT_SIMD_FUNCTION(narrow)
BERTRT_SIMD_FUNCTION(row_dot)
BERTRT_SIMD_FUNCTION(row_dot_half)
}  // namespace bertrt::kernels::ops

#if HWY_ONCE
namespace bertrt::kernels::ops {

void add_row(const float* row, std::size_t width, float* out) { BERTRT_SIMD_CALL(add_row)(row, width, out); }

void add_row_half(const std::uint16_t* row, std::size_t width, float* out) {
  BERTRT_SIMD_CALL(add_row_half)(row, width, out);
}

void add_row_int8(const std::int8_t* row, float scale, std::size_t width, float* out) {
  BERTRT_SIMD_CALL(add_row_int8)(row, scale, width, out);
}

float greatest(const float* values, std::size_t count) { return BERTRT_SIMD_CALL(greatest)(values, count); }

bool are_finite(const std::uint16_t* halves, std::size_t count) { return BERTRT_SIMD_CALL(are_finite)(halves, count); }

void widen(const std::uint16_t* in, std::size_t count, float* out) { BERTRT_SIMD_CALL(widen)(in, count, out); }

void narrow(const float* in, std::size_t count, std::uint16_t* out) { BERTRT_SIMD_CALL(narrow)(in, count, out); }

void row_dot(const float* x, std::size_t rows, std::size_t width, const float* table, std::size_t entries,
             const float* bias, float* y, std::size_t y_stride) {
  BERTRT_SIMD_CALL(row_dot)(x, rows, width, table, entries, bias, y, y_stride);
}

void row_dot_half(const float* x, std::size_t rows, std::size_t width, const std::uint16_t* table, std::size_t entries,
                  const float* bias, float* y, std::size_t y_stride, float* scratch) {
  BERTRT_SIMD_CALL(row_dot_half)(x, rows, width, table, entries, bias, y, y_stride, scratch);
}

}  // namespace bertrt::kernels::ops
#endif
