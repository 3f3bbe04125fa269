#pragma once

#include <cstdint>
#include <span>

namespace bertrt::text {

// What the unigram families' normalizers know about code points, as the parts of Hugging Face tokenizers 0.23.3 have it
// (make_compatibility_tables.py asks that version).

/// Bits of compatibility_flags().
enum CompatibilityFlag : std::uint8_t {
  kAttaches = 1,       ///< belongs to the grapheme of the character before it (Extend, SpacingMark, ZWJ)
  kPrepends = 2,       ///< the character after it belongs to its grapheme
  kControl = 4,        ///< a grapheme of its own, whatever stands beside it
  kCombiningMark = 8,  ///< StripAccents takes it out
};

std::uint8_t compatibility_flags(char32_t c) noexcept;

/// Full compatibility decomposition; empty where `c` stands for itself. Not for Hangul syllables (text/unicode.h).
std::span<const char32_t> compatibility_decomposition(char32_t c) noexcept;

}  // namespace bertrt::text
