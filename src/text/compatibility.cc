#include "text/compatibility.h"

namespace bertrt::text {
namespace {
#include "text/compatibility_tables.inc"

constexpr unsigned kPageBits = 7;  // PAGE in make_compatibility_tables.py
constexpr std::uint32_t kPageMask = (1U << kPageBits) - 1;
}  // namespace

std::uint8_t compatibility_flags(char32_t c) noexcept {
  if (c > 0x10FFFF) return 0;
  const std::uint32_t at = (std::uint32_t{kFlagPageOf[c >> kPageBits]} << kPageBits) | (c & kPageMask);
  return (kFlagPages[at >> 1U] >> ((at & 1U) * 4U)) & 15U;
}

std::span<const char32_t> compatibility_decomposition(char32_t c) noexcept {
  if (c > 0x10FFFF) return {};
  const std::uint32_t start = kNfkdStart[(std::uint32_t{kNfkdPageOf[c >> kPageBits]} << kPageBits) | (c & kPageMask)];
  if (start == 0) return {};
  return {kNfkdTargets + ((start - 1) >> 5U), (start - 1) & 31U};
}

}  // namespace bertrt::text
