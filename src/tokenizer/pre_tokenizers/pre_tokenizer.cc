#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

#include <algorithm>

#include "text/gpt2_classes.h"
#include "text/pre_token_classes.h"
#include "text/rewrite.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/pre_tokenizers/behavior.h"

namespace bertrt::tokenizer {
namespace {

using pre_tokenizers::Behavior;
using pre_tokenizers::PrependScheme;
using Scratch = PreTokenizer::Scratch;

bool is_space(char32_t c) { return text::is_white_space(c); }
bool is_punctuation(char32_t c) { return (text::unicode_flags(c) & text::kPunctuation) != 0; }

/// Every character that `is_match` takes is a match of its own.
template <typename Predicate>
void match_characters(std::string_view bytes, Predicate is_match, std::vector<text::Match>& matches) {
  std::size_t previous = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const text::Decoded c = text::decode_utf8(bytes, at);
    if (is_match(c.code_point)) {
      if (previous < at) matches.push_back({previous, at, false});
      previous = at + c.length;
      matches.push_back({at, previous, true});
    }
    at += c.length;
  }
  if (previous < bytes.size()) matches.push_back({previous, bytes.size(), false});
}

/// Runs of one kind are matches, apart from those of kind 0.
template <typename Kind>
void match_runs(std::string_view bytes, Kind kind_of, std::vector<text::Match>& matches) {
  for (std::size_t begin = 0; begin < bytes.size();) {
    const text::Decoded first = text::decode_utf8(bytes, begin);
    const int kind = kind_of(first.code_point);
    std::size_t at = begin + first.length;
    while (at < bytes.size()) {
      const text::Decoded c = text::decode_utf8(bytes, at);
      if (kind_of(c.code_point) != kind) break;
      at += c.length;
    }
    matches.push_back({begin, at, kind != 0});
    begin = at;
  }
}

class Splitter {
 public:
  Splitter(Splits& splits, std::uint32_t start_bytes, Scratch& scratch)
      : splits_(splits), start_bytes_(start_bytes), scratch_(scratch) {}

  void operator()(pre_tokenizers::Bert) {
    cut(Behavior::removed, false,
        [](std::string_view bytes, auto& matches) { match_characters(bytes, is_space, matches); });
    cut(Behavior::isolated, false,
        [](std::string_view bytes, auto& matches) { match_characters(bytes, is_punctuation, matches); });
  }
  void operator()(pre_tokenizers::WhitespaceSplit) {
    cut(Behavior::removed, false,
        [](std::string_view bytes, auto& matches) { match_characters(bytes, is_space, matches); });
  }
  void operator()(pre_tokenizers::Whitespace) {
    const auto kind = [](char32_t c) {
      const std::uint8_t flags = text::unicode_flags(c);
      return (flags & text::kWord) != 0 ? 1 : (flags & text::kSpace) != 0 ? 0 : 2;
    };
    cut(Behavior::removed, true, [&](std::string_view bytes, auto& matches) { match_runs(bytes, kind, matches); });
  }
  void operator()(const pre_tokenizers::Punctuation& step) {
    cut(step.behavior, false,
        [](std::string_view bytes, auto& matches) { match_characters(bytes, is_punctuation, matches); });
  }
  void operator()(const pre_tokenizers::Digits& step) {
    cut(step.individual ? Behavior::isolated : Behavior::contiguous, false,
        [](std::string_view bytes, auto& matches) { match_characters(bytes, text::is_numeric, matches); });
  }
  void operator()(const pre_tokenizers::Split& step) {
    cut(step.behavior, step.invert,
        [&](std::string_view bytes, auto& matches) { step.pattern->find_all(bytes, matches); });
  }
  void operator()(const pre_tokenizers::CharDelimiter& step) {
    cut(Behavior::removed, false, [&](std::string_view bytes, auto& matches) {
      match_characters(
          bytes, [&](char32_t c) { return c == step.delimiter; }, matches);
    });
  }
  void operator()(pre_tokenizers::UnicodeScripts) {
    cut(Behavior::isolated, false, [](std::string_view bytes, auto& matches) { match_scripts(bytes, matches); });
  }
  void operator()(const pre_tokenizers::FixedLength& step) {
    cut(Behavior::isolated, false, [&](std::string_view bytes, auto& matches) {
      for (std::size_t begin = 0, at = 0; begin < bytes.size(); begin = at) {
        for (std::size_t i = 0; i < step.length && at < bytes.size(); ++i) at += text::decode_utf8(bytes, at).length;
        matches.push_back({begin, at, false});
      }
    });
  }
  void operator()(const pre_tokenizers::ByteLevel& step) {
    if (step.add_prefix_space) {
      rewrite([](std::string_view bytes, const Splits::Span&) { return !bytes.starts_with(' '); }, " ", nullptr);
    }
    if (step.use_regex) {
      cut(Behavior::isolated, false, [](std::string_view bytes, auto& matches) {
        for (std::size_t begin = 0; begin < bytes.size();) {
          const std::size_t end = byte_level_word_end(bytes, begin);
          matches.push_back({begin, end, true});
          begin = end;
        }
      });
    }
    spell();
  }
  void operator()(const pre_tokenizers::Metaspace& step) {
    const auto wants_mark = [&](std::string_view bytes, const Splits::Span& span) {
      if (step.scheme == PrependScheme::never || bytes.starts_with(step.replacement) || bytes.starts_with(' ')) {
        return false;
      }
      return step.scheme == PrependScheme::always || span.origin < start_bytes_;
    };
    rewrite(wants_mark, step.replacement, &step.replacement);
    if (!step.split) return;
    cut(Behavior::merged_with_next, false, [&](std::string_view bytes, auto& matches) {
      const char32_t mark = text::decode_utf8(step.replacement, 0).code_point;
      match_characters(
          bytes, [&](char32_t c) { return c == mark; }, matches);
    });
  }

 private:
  /// Cuts every span at what `find(bytes, matches)` finds.
  template <typename Find>
  void cut(Behavior behavior, bool invert, Find find) {
    std::vector<Splits::Span>& spans = scratch_.next.spans;
    spans.clear();
    for (const Splits::Span& span : splits_.spans) {
      std::vector<text::Match>& matches = scratch_.matches;
      matches.clear();
      find(bytes_of(span), matches);
      if (invert) {
        for (text::Match& match : matches) match.matched = !match.matched;
      }
      apply_behavior(behavior, matches, scratch_.merged);
      for (const text::Match& match : matches) {
        if (match.matched || match.begin == match.end) continue;
        const auto begin = static_cast<std::uint32_t>(span.begin + match.begin);
        spans.push_back({begin, static_cast<std::uint32_t>(span.begin + match.end), splits_.text.source[begin].begin});
      }
    }
    std::swap(splits_.spans, spans);
  }

  /// Puts `prefix` before every span that `wants` it, and `for_space`, where there is one, in place of every space.
  template <typename Wants>
  void rewrite(Wants wants, std::string_view prefix, const std::string* for_space) {
    Splits& next = scratch_.next;
    next.text.clear();
    next.spans.clear();
    for (const Splits::Span& span : splits_.spans) {
      const std::string_view bytes = bytes_of(span);
      const auto begin = static_cast<std::uint32_t>(next.text.bytes.size());
      if (wants(bytes, span)) put(prefix, splits_.text.source[span.begin]);
      if (for_space == nullptr) {
        copy(span);
      } else {
        for (std::size_t at = span.begin; at < span.end; ++at) {
          const char byte = splits_.text.bytes[at];
          put(byte == ' ' ? std::string_view(*for_space) : std::string_view(&byte, 1), splits_.text.source[at]);
        }
      }
      next.spans.push_back({begin, static_cast<std::uint32_t>(next.text.bytes.size()), span.origin});
    }
    std::swap(splits_, next);
  }

  /// Bytes by their characters.
  void spell() {
    Splits& next = scratch_.next;
    next.text.clear();
    next.spans.clear();
    for (const Splits::Span& span : splits_.spans) {
      const auto begin = static_cast<std::uint32_t>(next.text.bytes.size());
      for (std::size_t at = span.begin; at < span.end; ++at) {
        text::append_utf8(byte_level_char(static_cast<std::uint8_t>(splits_.text.bytes[at])), next.text.bytes);
        next.text.source.resize(next.text.bytes.size(), splits_.text.source[at]);
      }
      next.spans.push_back({begin, static_cast<std::uint32_t>(next.text.bytes.size()), span.origin});
    }
    std::swap(splits_, next);
  }

  /// Hugging Face begins with the first character that has a script of its own: what stands before it is lost.
  static void match_scripts(std::string_view bytes, std::vector<text::Match>& matches) {
    std::size_t begin = 0;
    unsigned last = 0;  // 0: none seen yet
    for (std::size_t at = 0; at < bytes.size();) {
      const text::Decoded c = text::decode_utf8(bytes, at);
      const unsigned script = text::script_class(c.code_point);
      if (script != 0 && last != script) {
        if (last != 0) matches.push_back({begin, at, false});
        begin = at;
        last = script;
      }
      at += c.length;
    }
    if (last != 0) matches.push_back({begin, bytes.size(), false});
  }

  std::string_view bytes_of(const Splits::Span& span) const {
    return std::string_view(splits_.text.bytes).substr(span.begin, span.end - span.begin);
  }
  void put(std::string_view bytes, Offset source) {
    scratch_.next.text.bytes.append(bytes);
    scratch_.next.text.source.resize(scratch_.next.text.bytes.size(), source);
  }
  void copy(const Splits::Span& span) {
    scratch_.next.text.bytes.append(bytes_of(span));
    scratch_.next.text.source.insert(scratch_.next.text.source.end(),
                                     splits_.text.source.begin() + static_cast<std::ptrdiff_t>(span.begin),
                                     splits_.text.source.begin() + static_cast<std::ptrdiff_t>(span.end));
  }

  Splits& splits_;
  std::uint32_t start_bytes_;
  Scratch& scratch_;
};

}  // namespace

void PreTokenizer::split(Splits& splits, std::uint32_t start_bytes, Scratch& scratch) const {
  splits.spans.clear();
  if (splits.text.bytes.empty()) return;
  splits.spans.push_back({0, static_cast<std::uint32_t>(splits.text.bytes.size()), splits.text.source[0].begin});
  Splitter splitter(splits, start_bytes, scratch);
  for (const pre_tokenizers::Step& step : steps_) std::visit(splitter, step);
}

}  // namespace bertrt::tokenizer
