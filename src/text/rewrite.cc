#include "text/rewrite.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text/compatibility.h"
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

void nfkd(NormalizedText& text, ChangeList& list) {
  if (is_ascii(text.bytes)) return;
  list.changes.clear();
  for (std::size_t at = 0; at < text.bytes.size();) {
    const Decoded c = decode_utf8(text.bytes, at);
    at += c.length;
    if (is_hangul_syllable(c.code_point)) {
      char32_t jamo[3];
      const unsigned count = hangul_decomposition(c.code_point, jamo);
      for (unsigned i = 0; i < count; ++i) list.changes.push_back({jamo[i], i == 0 ? 0 : 1});
      continue;
    }
    const auto target = compatibility_decomposition(c.code_point);
    if (target.empty()) list.changes.push_back({c.code_point, 0});
    for (std::size_t i = 0; i < target.size(); ++i) list.changes.push_back({target[i], i == 0 ? 0 : 1});
  }
  order_marks(list.changes);
  list.apply(text);
}

void strip_accents(NormalizedText& text, ChangeList& list) {
  if (is_ascii(text.bytes)) return;
  list.changes.clear();
  std::size_t removed_first = 0;
  for (std::size_t at = 0; at < text.bytes.size();) {
    const Decoded c = decode_utf8(text.bytes, at);
    at += c.length;
    if ((compatibility_flags(c.code_point) & kCombiningMark) == 0) {
      list.changes.push_back({c.code_point, 0});
    } else if (list.changes.empty()) {
      ++removed_first;
    } else {
      --list.changes.back().change;
    }
  }
  list.apply(text, removed_first);
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

void replace_space_runs(NormalizedText& text, std::string_view content, ChangeList& list) {
  replace_matches(text, content, list, [&](std::size_t from) {
    const std::size_t begin = text.bytes.find("  ", from);
    if (begin == std::string::npos) return std::pair(begin, begin);
    const std::size_t end = text.bytes.find_first_not_of(' ', begin);
    return std::pair(begin, end == std::string::npos ? text.bytes.size() : end);
  });
}

}  // namespace bertrt::text
