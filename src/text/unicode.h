#pragma once

#include <cstdint>
#include <span>

namespace bertrt::text {

/// What Hugging Face tokenizers 0.23.3 takes a code point for; bits of unicode_flags().
enum UnicodeFlag : std::uint8_t {
  kRemoved = 1,       ///< clean_text takes it out: NUL, U+FFFD, control and format characters
  kSpace = 2,         ///< White_Space: separates words (also \s of Rust's regex)
  kCjk = 4,           ///< tokenize_chinese_chars sets it apart
  kNonspacing = 8,    ///< Mn: strip_accents takes it out after decomposition
  kPunctuation = 16,  ///< a word of its own
  kWord = 32,         ///< \w of Rust's regex
  kNonStarter = 64,   ///< canonical combining class other than 0
  kMapped = 128,      ///< decomposition() or lowercase() changes it
};

/// Flags of a scalar value. Surrogates and values above U+10FFFF are outside the domain but safe.
std::uint8_t unicode_flags(char32_t c) noexcept;

/// Canonical combining class.
std::uint8_t combining_class(char32_t c) noexcept;

/// Full canonical decomposition, one to four code points; empty where `c` stands for itself. Not for Hangul syllables,
/// which have no table: hangul_decomposition().
std::span<const char32_t> decomposition(char32_t c) noexcept;

/// Rust's char::to_lowercase: one to three code points; empty where `c` stands for itself.
std::span<const char32_t> lowercase(char32_t c) noexcept;

inline bool is_hangul_syllable(char32_t c) noexcept { return c - 0xAC00u < 11172u; }

/// A syllable's two or three jamo (Unicode 16, section 3.12); returns how many.
inline unsigned hangul_decomposition(char32_t syllable, char32_t (&jamo)[3]) noexcept {
  const char32_t s = syllable - 0xAC00;
  jamo[0] = 0x1100 + s / 588;
  jamo[1] = 0x1161 + s % 588 / 28;
  jamo[2] = 0x11A7 + s % 28;
  return s % 28 == 0 ? 2 : 3;
}

}  // namespace bertrt::text
