#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "text/normalized_text.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::text {

/// Hugging Face's BertNormalizer.
struct BertNormalizerOptions {
  bool clean_text = true;            ///< takes control characters out, makes every white space a space
  bool handle_chinese_chars = true;  ///< spaces around ideographs
  bool strip_accents = true;         ///< canonical decomposition without nonspacing marks
  bool lowercase = true;
};

/// Normalizes code point by code point, in Hugging Face's order: clean, ideographs, decompose (with canonical
/// ordering), strip, lower-case. What comes out goes to `Sink::put(char32_t, flags, Offset source)`.
///
/// `source` follows Hugging Face's alignment: a character that a step put in has the place of the one before; when
/// marks are put in canonical order, the places stay in the order of the text.
///
/// One object a run: it holds the marks that wait for their order. Call finish() at the end.
template <typename Sink>
class BertNormalizer {
 public:
  BertNormalizer(const BertNormalizerOptions& options, Sink& sink) : options_(options), sink_(sink) {}

  void feed(char32_t c, Offset source) {
    const std::uint8_t flags = unicode_flags(c);
    if (options_.clean_text) {
      if (flags & kRemoved) return;
      if (flags & kSpace) return put_starter(' ', kSpace, source);
    }
    if ((flags & kCjk) && options_.handle_chinese_chars) {
      put_starter(' ', kSpace, source);
      decompose(c, flags, source);
      put_starter(' ', kSpace, source);
      return;
    }
    decompose(c, flags, source);
  }

  void finish() { release_marks(); }

  /// No mark waits: what comes next is independent of what came before.
  bool is_settled() const { return marks_.empty(); }

 private:
  struct Mark {
    char32_t c;
    std::uint8_t combining_class;
    bool inserted;  ///< not a decomposition's first
  };

  void decompose(char32_t c, std::uint8_t flags, Offset source) {
    if (!options_.strip_accents) return put_lowercase(c, flags, source);
    if ((flags & (kMapped | kNonStarter)) == 0) return put_starter(c, flags, source);
    if (is_hangul_syllable(c)) {
      char32_t jamo[3];
      const unsigned count = hangul_decomposition(c, jamo);
      for (unsigned i = 0; i < count; ++i) order(jamo[i], i > 0, source);
      return;
    }
    const auto parts = decomposition(c);
    if (parts.empty()) return order(c, false, source);
    for (std::size_t i = 0; i < parts.size(); ++i) order(parts[i], i > 0, source);
  }

  /// Canonical ordering: starters pass, marks wait until the next starter.
  void order(char32_t c, bool inserted, Offset source) {
    const std::uint8_t flags = unicode_flags(c);
    if (!(flags & kNonStarter)) {
      release_marks();
      if (!inserted) last_source_ = source;
      return strip(c, flags, last_source_);
    }
    marks_.push_back({c, combining_class(c), inserted});
    if (!inserted) mark_sources_.push_back(source);
  }

  void put_starter(char32_t c, std::uint8_t flags, Offset source) {
    release_marks();
    last_source_ = source;
    strip(c, flags, source);
  }

  void release_marks() {
    if (marks_.empty()) return;
    // Stable, and nearly always sorted already.
    for (std::size_t i = 1; i < marks_.size(); ++i) {
      if (marks_[i].combining_class < marks_[i - 1].combining_class) {
        std::stable_sort(marks_.begin(), marks_.end(),
                         [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; });
        break;
      }
    }
    std::size_t next = 0;
    for (const Mark& mark : marks_) {
      if (!mark.inserted) last_source_ = mark_sources_[next++];
      strip(mark.c, unicode_flags(mark.c), last_source_);
    }
    marks_.clear();
    mark_sources_.clear();
  }

  void strip(char32_t c, std::uint8_t flags, Offset source) {
    if (options_.strip_accents && (flags & kNonspacing)) return;
    put_lowercase(c, flags, source);
  }

  void put_lowercase(char32_t c, std::uint8_t flags, Offset source) {
    if (options_.lowercase && (flags & kMapped)) {
      const auto lower = lowercase(c);
      for (const char32_t part : lower) sink_.put(part, unicode_flags(part), source);
      if (!lower.empty()) return;
    }
    sink_.put(c, flags, source);
  }

  BertNormalizerOptions options_;
  Sink& sink_;
  Offset last_source_;
  std::vector<Mark> marks_;
  std::vector<Offset> mark_sources_;  ///< of those that were not inserted, in the text's order
};

/// A whole text. Invalid UTF-8 is read as U+FFFD, one for each maximal invalid subpart.
void normalize_bert(std::string_view text, const BertNormalizerOptions& options, NormalizedText& normalized);

}  // namespace bertrt::text
