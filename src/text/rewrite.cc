#include "text/rewrite.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text/compatibility.h"
#include "text/composition.h"
#include "text/gpt2_classes.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::text {
namespace {

bool is_ascii(std::string_view bytes) noexcept {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Puts runs of marks in canonical order: by combining class, stable, starters where they are.
void order_marks(std::vector<Change>& changes) {
  for (std::size_t begin = 0; begin < changes.size();) {
    if (combining_class(changes[begin].code_point) == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin + 1;
    while (end < changes.size() && combining_class(changes[end].code_point) != 0) ++end;
    std::stable_sort(
        changes.begin() + static_cast<std::ptrdiff_t>(begin), changes.begin() + static_cast<std::ptrdiff_t>(end),
        [](const Change& a, const Change& b) { return combining_class(a.code_point) < combining_class(b.code_point); });
    begin = end;
  }
}

/// Copies `text` without what `find(from)` finds: it gives the next match's [begin, end), begin past the end for none.
template <typename Find>
void replace_matches(NormalizedText& text, std::string_view content, ChangeList& list, Find find) {
  auto match = find(std::size_t{0});
  if (match.first >= text.bytes.size()) return;
  NormalizedText& next = list.next;
  next.clear();
  std::size_t copied = 0;
  const auto copy_until = [&](std::size_t end) {
    next.bytes.append(text.bytes, copied, end - copied);
    next.source.insert(next.source.end(), text.source.begin() + static_cast<std::ptrdiff_t>(copied),
                       text.source.begin() + static_cast<std::ptrdiff_t>(end));
  };
  while (match.first < text.bytes.size()) {
    copy_until(match.first);
    next.bytes.append(content);
    next.source.resize(next.bytes.size(), text.source[match.second - 1]);
    copied = match.second;
    match = find(copied);
  }
  copy_until(text.bytes.size());
  std::swap(text, next);
}

}  // namespace

namespace {

enum class Form { canonical, compatibility };

void decompose(std::string_view bytes, Form form, std::vector<Change>& changes) {
  changes.clear();
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded c = decode_utf8(bytes, at);
    at += c.length;
    if (is_hangul_syllable(c.code_point)) {
      char32_t jamo[3];
      const unsigned count = hangul_decomposition(c.code_point, jamo);
      for (unsigned i = 0; i < count; ++i) changes.push_back({jamo[i], i == 0 ? 0 : 1});
      continue;
    }
    const auto target =
        form == Form::canonical ? decomposition(c.code_point) : compatibility_decomposition(c.code_point);
    if (target.empty()) changes.push_back({c.code_point, 0});
    for (std::size_t i = 0; i < target.size(); ++i) changes.push_back({target[i], i == 0 ? 0 : 1});
  }
  order_marks(changes);
}

/// Puts characters together: each with the last starter, unless one of its class or above stands between. The whole
/// counts the changes of both, and one character less.
void recompose(std::vector<Change>& changes) {
  std::size_t kept = 0;
  std::size_t starter = 0;
  bool has_starter = false;
  unsigned last_class = 0;  // of what was kept behind the starter; 0: nothing
  for (const Change& change : changes) {
    const unsigned mark_class = combining_class(change.code_point);
    const bool is_next = has_starter && starter + 1 == kept;
    if (has_starter && (is_next || last_class < mark_class)) {
      if (const char32_t whole = compose(changes[starter].code_point, change.code_point)) {
        changes[starter] = {whole, changes[starter].change + change.change - 1};
        continue;
      }
    }
    changes[kept] = change;
    if (mark_class == 0) {
      starter = kept;
      has_starter = true;
    }
    last_class = mark_class;
    ++kept;
  }
  changes.resize(kept);
}

void change_form(NormalizedText& text, Form form, bool composed, ChangeList& list) {
  if (is_ascii(text.bytes)) return;
  decompose(text.bytes, form, list.changes);
  if (composed) recompose(list.changes);
  list.apply(text);
}

/// Takes out what `keep` does not want; what is left of a character is its first change with the count of what
/// followed.
template <typename Keep>
void filter(NormalizedText& text, ChangeList& list, Keep keep) {
  list.changes.clear();
  std::size_t removed_first = 0;
  for (std::size_t at = 0; at < text.bytes.size();) {
    const Decoded c = decode_utf8(text.bytes, at);
    at += c.length;
    if (keep(c.code_point)) {
      list.changes.push_back({c.code_point, 0});
    } else if (list.changes.empty()) {
      ++removed_first;
    } else {
      --list.changes.back().change;
    }
  }
  list.apply(text, removed_first);
}

bool nmt_removes(char32_t c) noexcept {
  return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}

bool nmt_is_space(char32_t c) noexcept {
  return c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
         c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

}  // namespace

void nfd(NormalizedText& text, ChangeList& list) { change_form(text, Form::canonical, false, list); }
void nfkd(NormalizedText& text, ChangeList& list) { change_form(text, Form::compatibility, false, list); }
void nfc(NormalizedText& text, ChangeList& list) { change_form(text, Form::canonical, true, list); }
void nfkc(NormalizedText& text, ChangeList& list) { change_form(text, Form::compatibility, true, list); }

void nmt(NormalizedText& text, ChangeList& list) {
  filter(text, list, [](char32_t c) { return !nmt_removes(c); });
  list.changes.clear();
  for (std::size_t at = 0; at < text.bytes.size();) {
    const Decoded c = decode_utf8(text.bytes, at);
    at += c.length;
    list.changes.push_back({nmt_is_space(c.code_point) ? U' ' : c.code_point, 0});
  }
  list.apply(text);
}

void prepend(NormalizedText& text, std::string_view content) {
  if (text.bytes.empty()) return;
  const Offset first = text.source.front();
  text.bytes.insert(0, content);
  text.source.insert(text.source.begin(), content.size(), first);
}

void spell_bytes(NormalizedText& text, char32_t (*character_of)(std::uint8_t) noexcept, ChangeList& list) {
  NormalizedText& next = list.next;
  next.clear();
  for (std::size_t i = 0; i < text.bytes.size(); ++i) {
    append_utf8(character_of(static_cast<std::uint8_t>(text.bytes[i])), next.bytes);
    next.source.resize(next.bytes.size(), text.source[i]);
  }
  std::swap(text, next);
}

void strip_accents(NormalizedText& text, ChangeList& list) {
  if (is_ascii(text.bytes)) return;
  filter(text, list, [](char32_t c) { return (compatibility_flags(c) & kCombiningMark) == 0; });
}

void lowercase(NormalizedText& text, ChangeList& list) {
  if (is_ascii(text.bytes)) {
    for (char& c : text.bytes) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return;
  }
  list.changes.clear();
  for (std::size_t at = 0; at < text.bytes.size();) {
    const Decoded c = decode_utf8(text.bytes, at);
    at += c.length;
    const auto target = lowercase(c.code_point);
    if (target.empty()) list.changes.push_back({c.code_point, 0});
    for (std::size_t i = 0; i < target.size(); ++i) list.changes.push_back({target[i], i == 0 ? 0 : 1});
  }
  list.apply(text);
}

void strip(NormalizedText& text, ChangeList&, bool left, bool right) {
  std::size_t begin = 0;
  std::size_t end = text.bytes.size();
  while (left && begin < end) {
    const Decoded c = decode_utf8(text.bytes, begin);
    if (!is_white_space(c.code_point)) break;
    begin += c.length;
  }
  while (right && end > begin) {
    const std::size_t at = previous_utf8(text.bytes, end);
    if (!is_white_space(decode_utf8(text.bytes, at).code_point)) break;
    end = at;
  }
  text.bytes.erase(end);
  text.bytes.erase(0, begin);
  text.source.erase(text.source.begin() + static_cast<std::ptrdiff_t>(end), text.source.end());
  text.source.erase(text.source.begin(), text.source.begin() + static_cast<std::ptrdiff_t>(begin));
}

void replace(NormalizedText& text, std::string_view pattern, std::string_view content, ChangeList& list) {
  if (pattern.empty()) return;
  replace_matches(text, content, list, [&](std::size_t from) {
    const std::size_t at = text.bytes.find(pattern, from);
    return std::pair(at, at + pattern.size());
  });
}

void replace(NormalizedText& text, const std::vector<Match>& matches, std::string_view content, ChangeList& list) {
  NormalizedText& next = list.next;
  next.clear();
  for (const Match& match : matches) {
    if (match.matched) {
      next.bytes.append(content);
      next.source.resize(next.bytes.size(), match.end == 0 ? Offset{} : text.source[match.end - 1]);
    } else {
      next.bytes.append(text.bytes, match.begin, match.end - match.begin);
      next.source.insert(next.source.end(), text.source.begin() + static_cast<std::ptrdiff_t>(match.begin),
                         text.source.begin() + static_cast<std::ptrdiff_t>(match.end));
    }
  }
  std::swap(text, next);
}

void replace_space_runs(NormalizedText& text, std::string_view content, ChangeList& list) {
  replace_matches(text, content, list, [&](std::size_t from) {
    const std::size_t begin = text.bytes.find("  ", from);
    if (begin == std::string::npos) return std::pair(begin, begin);
    const std::size_t end = text.bytes.find_first_not_of(' ', begin);
    return std::pair(begin, end == std::string::npos ? text.bytes.size() : end);
  });
}

}  // namespace bertrt::text
