#include "text/composition.h"

#include <algorithm>
#include <iterator>

namespace bertrt::text {
namespace {

struct Composition {
  char32_t first;
  char32_t second;
  char32_t whole;
};

#include "text/composition_table.inc"

constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowel = 0x1161;
constexpr char32_t kTrailing = 0x11A7;
constexpr char32_t kSyllable = 0xAC00;

/// A leading consonant with a vowel, or a syllable of two with a trailing consonant; 0 for neither.
char32_t compose_hangul(char32_t first, char32_t second) noexcept {
  if (first - kLeading < 19 && second - kVowel < 21) {
    return kSyllable + ((first - kLeading) * 21 + (second - kVowel)) * 28;
  }
  if (first - kSyllable < 11172 && (first - kSyllable) % 28 == 0 && second - kTrailing - 1 < 27) {
    return first + (second - kTrailing);
  }
  return 0;
}

}  // namespace

char32_t compose(char32_t first, char32_t second) noexcept {
  if (second < 0x300) return 0;  // no composition ends with less
  if (const char32_t syllable = compose_hangul(first, second)) return syllable;
  const auto* found = std::lower_bound(
      std::begin(kCompositions), std::end(kCompositions), Composition{first, second, 0},
      [](const Composition& a, const Composition& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
  return found != std::end(kCompositions) && found->first == first && found->second == second ? found->whole : 0;
}

}  // namespace bertrt::text
