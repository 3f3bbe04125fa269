#include "text/composition.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "text/unicode.h"
#include "text/utf8.h"

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

/// A starter that may be the second of two that are put together.
bool composes_backwards(char32_t c) noexcept {
  if (c - kVowel < 21 || c - kTrailing < 28) return true;
  static const std::vector<char32_t> starters = [] {
    std::vector<char32_t> found;
    for (const Composition& composition : kCompositions) {
      if (combining_class(composition.second) == 0) found.push_back(composition.second);
    }
    std::sort(found.begin(), found.end());
    return found;
  }();
  return std::binary_search(starters.begin(), starters.end(), c);
}

/// Neither changed nor put together with what stands before it.
bool is_inert(char32_t c) noexcept {
  const std::uint8_t flags = unicode_flags(c);
  if ((flags & kNonStarter) != 0 || composes_backwards(c)) return false;
  if ((flags & kMapped) == 0 || is_hangul_syllable(c)) return true;
  const auto parts = decomposition(c);
  if (parts.empty()) return true;  // lower-cased, which does not matter here
  char32_t whole = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) whole = compose(whole, parts[i]);
  return whole == c;
}

}  // namespace

bool is_composed(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0xCC) {  // below U+0300
      at += lead < 0x80 ? 1 : 2;
      continue;
    }
    const Decoded c = decode_utf8(text, at);
    if (!is_inert(c.code_point)) return false;
    at += c.length;
  }
  return true;
}

char32_t compose(char32_t first, char32_t second) noexcept {
  if (second < 0x300) return 0;  // no composition ends with less
  if (const char32_t syllable = compose_hangul(first, second)) return syllable;
  const auto* found = std::lower_bound(std::begin(kCompositions), std::end(kCompositions),
                                       Composition{first, second, 0}, [](const Composition& a, const Composition& b) {
                                         return a.first != b.first ? a.first < b.first : a.second < b.second;
                                       });
  return found != std::end(kCompositions) && found->first == first && found->second == second ? found->whole : 0;
}

}  // namespace bertrt::text
