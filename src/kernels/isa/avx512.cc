// The two extensions of AVX-512 that Highway 1.0 does not know: dot products of bytes (VNNI) and of bf16 pairs. They
// read the same layout as the portable kernels; only the inner loops differ.

#include "kernels/isa/avx512.h"

#include <cstddef>
#include <utility>

#include "kernels/isa/kernels.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define BERTRT_TARGET(isa)
#define BERTRT_UNROLL
#else
#define BERTRT_TARGET(isa) __attribute__((target(isa)))
#define BERTRT_UNROLL _Pragma("GCC unroll 16")
#endif
#define BERTRT_EXTENSIONS "avx512f,avx512bw,avx512vl,avx512vnni,avx512bf16"

namespace bertrt::kernels::isa {
namespace {

constexpr std::size_t kRowBytes = kPanel * 4;
// The tile after this one follows it in memory; the hardware's prefetcher stops at each page.
constexpr std::size_t kInputAhead = 2048;

// One word's share of a group's lines.
template <std::size_t kLines>
inline void prefetch_lines(const char* from) {
  if constexpr (kLines == kStreamingLines) {
    _mm_prefetch(from, _MM_HINT_T0);
    _mm_prefetch(from + 64, _MM_HINT_T0);
  } else {
    _mm_prefetch(from, _MM_HINT_T1);
  }
}

// sum + input word · weight words. Both compile under both extensions; each is used where its own is there.
struct Vnni {
  BERTRT_TARGET(BERTRT_EXTENSIONS)
  static inline __m512i dot(__m512i sum, __m512i input, __m512i weight) {
    return _mm512_dpbusd_epi32(sum, input, weight);
  }
};

struct Bf16 {
  BERTRT_TARGET(BERTRT_EXTENSIONS)
  static inline __m512i dot(__m512i sum, __m512i input, __m512i weight) {
    return _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), reinterpret_cast<__m512bh>(input),
                                                reinterpret_cast<__m512bh>(weight)));
  }
};

// A panel is two registers wide; kRows tile rows keep 2 kRows sums in registers (28 of 32 at 14 rows).
template <class Dot, std::size_t kRows, std::size_t kPrefetchLines>
BERTRT_TARGET(BERTRT_EXTENSIONS)
void tile(const void* input, const void* panel, std::size_t groups, void* sums, bool add, Prefetch prefetch) {
  const auto* a = static_cast<const int*>(input);
  const auto* b = static_cast<const char*>(panel);
  const auto* ahead = reinterpret_cast<const char*>(prefetch.from);
  __m512i sum[kRows][2];
  BERTRT_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    const char* from = static_cast<const char*>(sums) + r * kRowBytes;
    sum[r][0] = add ? _mm512_load_si512(from) : _mm512_setzero_si512();
    sum[r][1] = add ? _mm512_load_si512(from + 64) : _mm512_setzero_si512();
  }
  for (std::size_t group = 0; group < groups; ++group) {
    BERTRT_UNROLL
    for (std::size_t word = 0; word < kGroupWords; ++word) {
      if (kPrefetchLines == kStreamingLines || word * 64 < prefetch.step)
        prefetch_lines<kPrefetchLines>(ahead + word * (kPrefetchLines / kGroupWords) * 64);
      _mm_prefetch(reinterpret_cast<const char*>(a) + kInputAhead + word * 64, _MM_HINT_T0);
      const __m512i b0 = _mm512_load_si512(b);
      const __m512i b1 = _mm512_load_si512(b + 64);
      BERTRT_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const __m512i value = _mm512_set1_epi32(a[r * kGroupWords + word]);
        sum[r][0] = Dot::dot(sum[r][0], value, b0);
        sum[r][1] = Dot::dot(sum[r][1], value, b1);
      }
      b += kRowBytes;
    }
    a += kRows * kGroupWords;
    ahead += prefetch.step;
  }
  auto* out = static_cast<char*>(sums);
  BERTRT_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    _mm512_store_si512(out + r * kRowBytes, sum[r][0]);
    _mm512_store_si512(out + r * kRowBytes + 64, sum[r][1]);
  }
}

template <class Dot, std::size_t... kRowsMinusOne>
void fill(TileKernels& kernels, const char* name, std::index_sequence<kRowsMinusOne...>) {
  ((kernels.streaming[kRowsMinusOne + 1] = tile<Dot, kRowsMinusOne + 1, kStreamingLines>), ...);
  ((kernels.resident[kRowsMinusOne + 1] = tile<Dot, kRowsMinusOne + 1, kResidentLines>), ...);
  kernels.max_rows = sizeof...(kRowsMinusOne);
  kernels.layout = InputLayout::narrow;
  kernels.native = true;
  kernels.name = name;
}

}  // namespace

void use_vnni(TileKernels& int8) { fill<Vnni>(int8, "vpdpbusd", std::make_index_sequence<kRegisterRows>()); }
void use_bf16(TileKernels& bf16) { fill<Bf16>(bf16, "vdpbf16ps", std::make_index_sequence<kRegisterRows>()); }

}  // namespace bertrt::kernels::isa

#else  // not x86-64

namespace bertrt::kernels::isa {

void use_vnni(TileKernels&) {}
void use_bf16(TileKernels&) {}

}  // namespace bertrt::kernels::isa

#endif
