// The inner loops: a tile of input rows times a panel of weights, both packed as kernels.h says.

#if defined(BERTRT_ENGINE_PACKED_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTRT_ENGINE_PACKED_KERNELS_TILE_INL_H_
#undef BERTRT_ENGINE_PACKED_KERNELS_TILE_INL_H_
#else
#define BERTRT_ENGINE_PACKED_KERNELS_TILE_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <utility>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/isa/kernels.h"
#include "kernels/isa/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::isa {
namespace HWY_NAMESPACE {

// Columns that the registers hold at a time: two vectors, a whole panel with AVX-512.
constexpr std::size_t kVectors = 2;
constexpr std::size_t kColumns = kVectors * kLanes;
static_assert(kPanel % kColumns == 0);
// Rows that they hold: with 32 registers 14 (28 sums, 2 weights, an input), with 16 registers 6.
// Highway numbers its targets from the best down: a bound stands for whatever is between the names, known here or not.
#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t kRows = 4;
#elif HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3
constexpr std::size_t kRows = 6;
#else
constexpr std::size_t kRows = kRegisterRows;
#endif
// sum + input word · weight words, for fp32.
struct DotFloat {
  using D = DF;
  using T = float;
  static HWY_INLINE VF dot(VF sum, VF input, VF weight) { return hn::MulAdd(input, weight, sum); }
};

#if HWY_TARGET == HWY_SCALAR
// bf16 without instructions for it: a bf16 number is the upper half of an fp32 one.
struct DotBf16 {
  using D = DI;
  using T = std::int32_t;
  static VF upper(VI pair) {
    return hn::BitCast(DF(), hn::And(pair, hn::Set(DI(), static_cast<std::int32_t>(0xFFFF0000U))));
  }
  static VF lower(VI pair) { return hn::BitCast(DF(), hn::ShiftLeft<16>(pair)); }
  static VF dot(VF sum, VI input, VI weight) {
    return hn::MulAdd(upper(input), upper(weight), hn::MulAdd(lower(input), lower(weight), sum));
  }
};

struct DotInt8 {
  using D = DI;
  using T = std::int32_t;
  static VI dot(VI sum, VI input, VI weight) {
    const auto u = static_cast<std::uint32_t>(hn::GetLane(input));
    const auto w = static_cast<std::uint32_t>(hn::GetLane(weight));
    std::int32_t total = hn::GetLane(sum);
    for (int shift = 0; shift < 32; shift += 8) {
      total += static_cast<std::int32_t>((u >> shift) & 0xFFU) * static_cast<std::int8_t>((w >> shift) & 0xFFU);
    }
    return hn::Set(DI(), total);
  }
};
#else
// Where no instruction multiplies a dtype's numbers as they are, the input's are wide in memory already (see
// TileKernels), and the weights' are widened once for all rows of a tile.

// bf16: a number is the upper half of an fp32 one, a word two of them, multiplied one after the other.
struct WideBf16 {
  using DSum = DF;
  using Input = float;
  static constexpr std::size_t kSteps = 2;             // of a word
  static constexpr std::size_t kVectorWords = kLanes;  // weights that are multiplied at a time
  static HWY_INLINE VF weights(const std::int32_t* words, std::size_t step) {
    const VI pairs = hn::Load(DI(), words);
    if (step == 0) return hn::BitCast(DF(), hn::ShiftLeft<16>(pairs));
    return hn::BitCast(DF(), hn::And(pairs, hn::Set(DI(), static_cast<std::int32_t>(0xFFFF0000U))));
  }
  static HWY_INLINE VF broadcast(Input input) { return hn::Set(DF(), input); }
  static HWY_INLINE VF dot(VF sum, VF input, VF weight) { return hn::MulAdd(input, weight, sum); }
};

// int8, exactly: 16-bit numbers whose products are summed in pairs into 32, so that a column has two sums side by side
// until the end. (The instruction that multiplies bytes, vpmaddubsw, saturates.)
struct WideInt8 {
  using DSum = DI;
  using Input = std::int64_t;
  using D16 = hn::Repartition<std::int16_t, DI>;
  using V16 = hn::Vec<D16>;
  static constexpr std::size_t kSteps = 1;
  static constexpr std::size_t kVectorWords = kLanes / 2;
  static HWY_INLINE V16 weights(const std::int32_t* words, std::size_t) {
    const hn::Rebind<std::int8_t, D16> d8;
    return hn::PromoteTo(D16(), hn::Load(d8, reinterpret_cast<const std::int8_t*>(words)));
  }
  static HWY_INLINE V16 broadcast(Input input) {
    return hn::BitCast(D16(), hn::Set(hn::Repartition<std::int64_t, DI>(), input));
  }
  static HWY_INLINE VI dot(VI sum, V16 input, V16 weight) {
    VI total = hn::Add(sum, pairs(input, weight));
    // GCC would add the products of a whole group to each other first, and then has no registers left for the sums:
    // that took twice the time.
#if HWY_ARCH_X86 && (defined(__GNUC__) || defined(__clang__))
    __asm__("" : "+v"(total.raw));
#endif
    return total;
  }
  // a[2i] b[2i] + a[2i+1] b[2i+1].
  static HWY_INLINE VI pairs(V16 a, V16 b) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    return VI{_mm512_madd_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
    return VI{_mm256_madd_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET < HWY_EMU128
    return VI{_mm_madd_epi16(a.raw, b.raw)};
#else
    // Products of sign-extended halves; each fits into 32 bits.
    const auto a32 = hn::BitCast(DI(), a);
    const auto b32 = hn::BitCast(DI(), b);
    const auto low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(a32)), hn::ShiftRight<16>(hn::ShiftLeft<16>(b32)));
    return hn::Add(low, hn::Mul(hn::ShiftRight<16>(a32), hn::ShiftRight<16>(b32)));
#endif
  }
};
#endif

// Lines for each group of K; see TileKernels.
// The tile after this one follows it in memory; the hardware's prefetcher stops at each page.
constexpr std::size_t kInputAhead = 2048;
constexpr std::size_t kInputLines = (kRows * kGroupBytes + 63) / 64;
constexpr std::size_t kWideInputLines = (kRows * kWideGroupBytes + 63) / 64;

template <std::size_t kLines>
HWY_INLINE void prefetch_lines(const std::byte* from, std::size_t step) {
  HWY_UNROLL(8)
  for (std::size_t line = 0; line < kLines; ++line) {
    if (kLines == kResidentLines && line * 64 >= step) break;
#if HWY_ARCH_X86
    if constexpr (kLines == kResidentLines) {
      _mm_prefetch(reinterpret_cast<const char*>(from + line * 64), _MM_HINT_T1);
      continue;
    }
#endif
    hwy::Prefetch(from + line * 64);
  }
}

template <class Dot, class DSum, std::size_t kTileRows, std::size_t kLines>
void tile(const void* input, const void* panel, std::size_t groups, void* sums, bool add, Prefetch prefetch) {
  using T = typename Dot::T;
  const typename Dot::D d;
  const DSum dsum;
  using Sum = hn::Vec<DSum>;
  for (std::size_t column = 0; column < kPanel; column += kColumns) {
    const T* HWY_RESTRICT a = static_cast<const T*>(input);
    const T* HWY_RESTRICT b = static_cast<const T*>(panel) + column;
    auto* out = static_cast<hn::TFromD<DSum>*>(sums) + column;
    Sum sum[kTileRows][kVectors];
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        sum[r][v] = add ? hn::Load(dsum, out + r * kPanel + v * kLanes) : hn::Zero(dsum);
      }
    }
    const std::byte* ahead = prefetch.from;
    for (std::size_t group = 0; group < groups; ++group) {
      prefetch_lines<kLines>(ahead, prefetch.step);
      HWY_UNROLL(4)
      for (std::size_t line = 0; line < kInputLines; ++line) hwy::Prefetch(a + (kInputAhead + line * 64) / sizeof(T));
      ahead += prefetch.step;
      HWY_UNROLL(4)
      for (std::size_t word = 0; word < kGroupWords; ++word) {
        const auto b0 = hn::Load(d, b);
        const auto b1 = hn::Load(d, b + kLanes);
        HWY_UNROLL(16)
        for (std::size_t r = 0; r < kTileRows; ++r) {
          const auto value = hn::Set(d, a[r * kGroupWords + word]);
          sum[r][0] = Dot::dot(sum[r][0], value, b0);
          sum[r][1] = Dot::dot(sum[r][1], value, b1);
        }
        b += kPanel;
      }
      a += kTileRows * kGroupWords;
    }
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) hn::Store(sum[r][v], dsum, out + r * kPanel + v * kLanes);
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// The same for wide inputs.
template <class Dot, std::size_t kTileRows, std::size_t kLines>
void wide_tile(const void* input, const void* panel, std::size_t groups, void* sums, bool add, Prefetch prefetch) {
  using DSum = typename Dot::DSum;
  using Input = typename Dot::Input;
  const DSum dsum;
  constexpr std::size_t kVectorWords = Dot::kVectorWords;
  constexpr std::size_t kWordInputs = kWideGroupBytes / kGroupWords / sizeof(Input);
  static_assert(kWordInputs == Dot::kSteps);
  static_assert(kPanel % (kVectors * kVectorWords) == 0);
  constexpr bool kSplit = kVectorWords != kLanes;  // a column's sum lies in two lanes
  for (std::size_t column = 0; column < kPanel; column += kVectors * kVectorWords) {
    const auto* HWY_RESTRICT a = static_cast<const Input*>(input);
    const std::int32_t* HWY_RESTRICT b = static_cast<const std::int32_t*>(panel) + column;
    auto* out = static_cast<hn::TFromD<DSum>*>(sums) + column;
    hn::Vec<DSum> sum[kTileRows][kVectors];
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        sum[r][v] = add && !kSplit ? hn::Load(dsum, out + r * kPanel + v * kLanes) : hn::Zero(dsum);
      }
    }
    const std::byte* ahead = prefetch.from;
    for (std::size_t group = 0; group < groups; ++group) {
      if (column == 0) {  // what the first columns bring nearer is there for the rest
        prefetch_lines<kLines>(ahead, prefetch.step);
        HWY_UNROLL(8)
        for (std::size_t line = 0; line < kWideInputLines; ++line) {
          hwy::Prefetch(reinterpret_cast<const std::byte*>(a) + kInputAhead + line * 64);
        }
        ahead += prefetch.step;
      }
      HWY_UNROLL(4)
      for (std::size_t word = 0; word < kGroupWords; ++word) {
        HWY_UNROLL(2)
        for (std::size_t step = 0; step < Dot::kSteps; ++step) {
          const auto b0 = Dot::weights(b, step);
          const auto b1 = Dot::weights(b + kVectorWords, step);
          HWY_UNROLL(16)
          for (std::size_t r = 0; r < kTileRows; ++r) {
            const auto value = Dot::broadcast(a[(r * kGroupWords + word) * Dot::kSteps + step]);
            sum[r][0] = Dot::dot(sum[r][0], value, b0);
            sum[r][1] = Dot::dot(sum[r][1], value, b1);
          }
        }
        b += kPanel;
      }
      a += kTileRows * kGroupWords * Dot::kSteps;
    }
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kTileRows; ++r) {
      auto* to = out + r * kPanel;
      if constexpr (kSplit) {
        const auto whole =
            hn::Add(hn::ConcatEven(dsum, sum[r][1], sum[r][0]), hn::ConcatOdd(dsum, sum[r][1], sum[r][0]));
        hn::Store(add ? hn::Add(whole, hn::Load(dsum, to)) : whole, dsum, to);
      } else {
        hn::Store(sum[r][0], dsum, to);
        hn::Store(sum[r][1], dsum, to + kLanes);
      }
    }
  }
}

template <class Dot, std::size_t... kRowsMinusOne>
void fill_wide_tiles(TileKernels& kernels, const char* name, std::index_sequence<kRowsMinusOne...>) {
  ((kernels.streaming[kRowsMinusOne + 1] = wide_tile<Dot, kRowsMinusOne + 1, kStreamingLines>), ...);
  ((kernels.resident[kRowsMinusOne + 1] = wide_tile<Dot, kRowsMinusOne + 1, kResidentLines>), ...);
  kernels.max_rows = sizeof...(kRowsMinusOne);
  kernels.layout = InputLayout::wide;
  kernels.name = name;
}
#endif

template <class Dot, class DSum, std::size_t... kRowsMinusOne>
void fill_tiles(TileKernels& kernels, const char* name, std::index_sequence<kRowsMinusOne...>) {
  ((kernels.streaming[kRowsMinusOne + 1] = tile<Dot, DSum, kRowsMinusOne + 1, kStreamingLines>), ...);
  ((kernels.resident[kRowsMinusOne + 1] = tile<Dot, DSum, kRowsMinusOne + 1, kResidentLines>), ...);
  kernels.max_rows = sizeof...(kRowsMinusOne);
  kernels.layout = InputLayout::narrow;
  kernels.name = name;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::isa
HWY_AFTER_NAMESPACE();

#endif
