#include "text/pre_token_classes.h"

#include <algorithm>
#include <iterator>

namespace bertrt::text {
namespace {

/// All from `first` to the next range's first.
struct ClassRange {
  char32_t first;
  std::uint8_t value;
};

#include "text/pre_token_classes_table.inc"

template <std::size_t kSize>
std::uint8_t find(const ClassRange (&ranges)[kSize], char32_t c) noexcept {
  const auto* after = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                       [](char32_t value, const ClassRange& range) { return value < range.first; });
  return std::prev(after)->value;  // the first range begins with 0
}

}  // namespace

bool is_numeric(char32_t c) noexcept {
  if (c < 0x80) return c >= '0' && c <= '9';
  return find(kNumberRanges, c) != 0;
}

std::uint8_t script_class(char32_t c) noexcept { return find(kScriptRanges, c); }

}  // namespace bertrt::text
