#include "text/unicode.h"

#include <cstddef>
#include <iterator>

namespace bertrt::text {
namespace {

#include "text/unicode_tables.inc"

/// A value of a two-stage table. The index's last entry stands for everything behind it.
template <unsigned kShift, typename Index, std::size_t kIndexSize, typename Value, std::size_t kSize>
Value look_up(const Index (&index)[kIndexSize], const Value (&blocks)[kSize], char32_t c) noexcept {
  const std::size_t block = c >> kShift;
  const std::size_t at = index[block < kIndexSize ? block : kIndexSize - 1];
  return blocks[at << kShift | (c & ((1u << kShift) - 1))];
}

std::span<const char32_t> pooled(std::uint16_t at) noexcept { return {kPool + at + (at != 0), kPool[at]}; }

}  // namespace

std::uint8_t unicode_flags(char32_t c) noexcept { return look_up<kFlagsShift>(kFlagsIndex, kFlagsBlocks, c); }

std::uint8_t combining_class(char32_t c) noexcept {
  return look_up<kCombiningClassShift>(kCombiningClassIndex, kCombiningClassBlocks, c);
}

std::span<const char32_t> decomposition(char32_t c) noexcept {
  return pooled(look_up<kDecompositionShift>(kDecompositionIndex, kDecompositionBlocks, c));
}

std::span<const char32_t> lowercase(char32_t c) noexcept {
  return pooled(look_up<kLowercaseShift>(kLowercaseIndex, kLowercaseBlocks, c));
}

}  // namespace bertrt::text
