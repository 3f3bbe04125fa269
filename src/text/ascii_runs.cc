#include "text/ascii_runs.h"

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "text/ascii_runs.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks for.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bertrt::text::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void FindWordBreaks(const char* text, std::size_t blocks, std::uint64_t* breaks) {
  const hn::CappedTag<std::uint8_t, 64> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  const V case_bit = hn::Set(d, 0x20);
  const V letter = hn::Set(d, 'a');
  const V letters = hn::Set(d, 26);
  const V digit = hn::Set(d, '0');
  const V digits = hn::Set(d, 10);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text);
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    std::uint64_t word = 0;
    for (std::size_t at = 0; at < 64; at += lanes) {
      const V v = hn::LoadU(d, bytes + at);
      // Unsigned distances: one comparison a range.
      const auto is_letter = hn::Lt(hn::Sub(hn::Or(v, case_bit), letter), letters);
      const auto is_digit = hn::Lt(hn::Sub(v, digit), digits);
      std::uint8_t bits[8] = {};
      hn::StoreMaskBits(d, hn::Or(is_letter, is_digit), bits);
      std::uint64_t part = 0;
      for (std::size_t i = 0; i < 8; ++i) part |= static_cast<std::uint64_t>(bits[i]) << (8 * i);
      word |= part << at;
    }
    breaks[block] = ~word;
  }
}

template <typename D, typename Mask>
std::uint64_t BitsOf(D d, Mask mask) {
  std::uint8_t bits[8] = {};
  hn::StoreMaskBits(d, mask, bits);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= static_cast<std::uint64_t>(bits[i]) << (8 * i);
  return word;
}

void FindByteMasks(const char* text, std::size_t blocks, ByteMasks* masks) {
  const hn::CappedTag<std::uint8_t, 64> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text);
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    ByteMasks m{};
    for (std::size_t at = 0; at < 64; at += lanes) {
      const V v = hn::LoadU(d, bytes + at);
      const auto in = [&](V from, int first, int count) {
        return hn::Lt(hn::Sub(from, hn::Set(d, static_cast<std::uint8_t>(first))),
                      hn::Set(d, static_cast<std::uint8_t>(count)));
      };
      const auto is = [&](int byte) { return hn::Eq(v, hn::Set(d, static_cast<std::uint8_t>(byte))); };
      const auto blanks = is(' ');
      m.letters |= BitsOf(d, in(hn::Or(v, hn::Set(d, 0x20)), 'a', 26)) << at;
      m.digits |= BitsOf(d, in(v, '0', 10)) << at;
      m.spaces |= BitsOf(d, hn::Or(in(v, '\t', 5), blanks)) << at;
      m.blanks |= BitsOf(d, blanks) << at;
      m.newlines |= BitsOf(d, hn::Or(is('\r'), is('\n'))) << at;
      m.apostrophes |= BitsOf(d, is('\'')) << at;
      m.beyond |= BitsOf(d, in(v, 0x80, 0x80)) << at;
    }
    masks[block] = m;
  }
}

}  // namespace bertrt::text::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

namespace bertrt::text {
BERTRT_SIMD_FUNCTION(FindWordBreaks)
BERTRT_SIMD_FUNCTION(FindByteMasks)
}  // namespace bertrt::text

#if HWY_ONCE
namespace bertrt::text {

void find_word_breaks(const char* text, std::size_t blocks, std::uint64_t* breaks) noexcept {
  BERTRT_SIMD_CALL(FindWordBreaks)(text, blocks, breaks);
}

void find_byte_masks(const char* text, std::size_t blocks, ByteMasks* masks) noexcept {
  BERTRT_SIMD_CALL(FindByteMasks)(text, blocks, masks);
}

}  // namespace bertrt::text
#endif
