#include "archive/crc32_x86.h"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "base/processor.h"

namespace bertrt::archive {
namespace {

#define BERTRT_CLMUL_TARGET __attribute__((target("pclmul,sse2")))

// Bytes are polynomials over GF(2) whose highest power comes first. A lane of 128 bits that stands n bits before
// another one can be added to it when its halves are multiplied by x^(n+32) and x^(n-32) modulo the checksum's
// polynomial, bits in reverse as everything here: the remainder stays what it was.
struct Distance {
  std::uint64_t first_half;
  std::uint64_t second_half;
};
constexpr Distance kBy512 = {0x154442bd4, 0x1c6e41596};
constexpr Distance kBy128 = {0x1751997d0, 0x0ccaa009e};

BERTRT_CLMUL_TARGET inline __m128i load(const std::byte* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

BERTRT_CLMUL_TARGET inline __m128i pair_of(const Distance& distance) {
  return _mm_set_epi64x(static_cast<std::int64_t>(distance.second_half),
                        static_cast<std::int64_t>(distance.first_half));
}

BERTRT_CLMUL_TARGET inline __m128i add_to(__m128i lane, __m128i distance, __m128i later) {
  const __m128i first = _mm_clmulepi64_si128(lane, distance, 0x00);
  const __m128i second = _mm_clmulepi64_si128(lane, distance, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), later);
}

BERTRT_CLMUL_TARGET FoldedBytes fold(const std::byte* data, std::size_t blocks) {
  // A register of ones is the same as the first 32 bits inverted.
  __m128i a = _mm_xor_si128(load(data), _mm_cvtsi32_si128(-1));
  __m128i b = load(data + 16);
  __m128i c = load(data + 32);
  __m128i d = load(data + 48);
  const __m128i by512 = pair_of(kBy512);
  for (std::size_t block = 1; block < blocks; ++block) {
    data += kFoldedBlock;
    a = add_to(a, by512, load(data));
    b = add_to(b, by512, load(data + 16));
    c = add_to(c, by512, load(data + 32));
    d = add_to(d, by512, load(data + 48));
  }
  const __m128i by128 = pair_of(kBy128);
  b = add_to(a, by128, b);
  c = add_to(b, by128, c);
  d = add_to(c, by128, d);
  FoldedBytes folded;
  std::memcpy(folded.data(), &d, sizeof(d));
  return folded;
}

}  // namespace

bool crc32_x86_supported() noexcept { return base::processor().clmul; }

FoldedBytes crc32_x86_fold(const std::byte* data, std::size_t blocks) { return fold(data, blocks); }

}  // namespace bertrt::archive

#else

namespace bertrt::archive {

bool crc32_x86_supported() noexcept { return false; }
FoldedBytes crc32_x86_fold(const std::byte*, std::size_t) { return {}; }

}  // namespace bertrt::archive

#endif
