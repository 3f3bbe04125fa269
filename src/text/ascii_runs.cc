#include "text/ascii_runs.h"

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

}  // namespace bertrt::text::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bertrt::text {

HWY_EXPORT(FindWordBreaks);

void find_word_breaks(const char* text, std::size_t blocks, std::uint64_t* breaks) noexcept {
  HWY_DYNAMIC_DISPATCH(FindWordBreaks)(text, blocks, breaks);
}

}  // namespace bertrt::text
#endif
