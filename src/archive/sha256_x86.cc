#include "archive/sha256_x86.h"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

#include <immintrin.h>

#include "base/processor.h"

namespace bertrt::archive {
namespace {

#define BERTRT_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

// Four rounds: two at a time for each half of the state, with w + k in the low half and then in the high one.
BERTRT_SHA_TARGET inline void four_rounds(__m128i& abef, __m128i& cdgh, __m128i w_plus_k) {
  cdgh = _mm_sha256rnds2_epu32(cdgh, abef, w_plus_k);
  abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(w_plus_k, 0x0E));
}

BERTRT_SHA_TARGET inline __m128i constants(std::size_t quad) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSha256Constants.data() + 4 * quad));
}

BERTRT_SHA_TARGET void add_blocks(Sha256State& state, const std::byte* data, std::size_t blocks) {
  // The instructions want the state as (a, b, e, f) and (c, d, g, h), the first of each in the highest lane.
  const auto from = [](std::uint32_t w3, std::uint32_t w2, std::uint32_t w1, std::uint32_t w0) BERTRT_SHA_TARGET {
    return _mm_set_epi32(static_cast<int>(w3), static_cast<int>(w2), static_cast<int>(w1), static_cast<int>(w0));
  };
  __m128i abef = from(state[0], state[1], state[4], state[5]);
  __m128i cdgh = from(state[2], state[3], state[6], state[7]);
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  for (; blocks > 0; --blocks, data += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];  // the last sixteen words of the schedule, four each
    for (std::size_t i = 0; i < 4; ++i) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16 * i)), big_endian);
      four_rounds(abef, cdgh, _mm_add_epi32(w[i], constants(i)));
    }
    for (std::size_t i = 4; i < 16; ++i) {
      // w[t] = w[t-16] + s0(w[t-15]) + w[t-7] + s1(w[t-2])
      const __m128i t16 = _mm_sha256msg1_epu32(w[0], w[1]);
      const __m128i t7 = _mm_alignr_epi8(w[3], w[2], 4);
      const __m128i next = _mm_sha256msg2_epu32(_mm_add_epi32(t16, t7), w[3]);
      w[0] = w[1];
      w[1] = w[2];
      w[2] = w[3];
      w[3] = next;
      four_rounds(abef, cdgh, _mm_add_epi32(next, constants(i)));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  alignas(16) std::uint32_t low[4];
  alignas(16) std::uint32_t high[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(low), abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(high), cdgh);
  state = {low[3], low[2], high[3], high[2], low[1], low[0], high[1], high[0]};
}

}  // namespace

bool sha256_x86_supported() noexcept {
  const base::Processor& processor = base::processor();
  return processor.sha && processor.sse41 && processor.ssse3;
}

void sha256_x86_add_blocks(Sha256State& state, const std::byte* data, std::size_t blocks) {
  add_blocks(state, data, blocks);
}

}  // namespace bertrt::archive

#else

namespace bertrt::archive {

bool sha256_x86_supported() noexcept { return false; }
void sha256_x86_add_blocks(Sha256State&, const std::byte*, std::size_t) {}

}  // namespace bertrt::archive

#endif
