#include "text/plain_classes.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace bertrt::text {
namespace {

// Graphic characters are ASCII's alone under (?P), as [:punct:] is.
constexpr std::string_view kPunct = "[[:graph:]&&\\p{P}\\p{S}]";
constexpr std::string_view kNoPunct = "[^[:graph:]&&\\p{P}\\p{S}]";

/// Walks over a pattern once and writes it anew.
class Walk {
 public:
  explicit Walk(std::string_view pattern) : pattern_(pattern) {}

  std::optional<std::string> written() {
    while (at_ < pattern_.size()) {
      if (skips("[:punct:]", kPunct) || skips("[:^punct:]", kNoPunct)) continue;
      switch (pattern_[at_]) {
        case '\\': escape(); break;
        case '[': open(); break;
        case ']':
          if (depth_ > 0) --depth_;
          copy(1);
          break;
        case '(': group(); break;
        case '#':
          has_hash_ |= depth_ == 0;
          copy(1);
          break;
        default: copy(1);
      }
    }
    if (changed_ && (has_callout_ || (has_hash_ && may_be_extended_))) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool is_at(std::string_view what) const { return pattern_.substr(at_, what.size()) == what; }
  void copy(std::size_t count) {
    count = std::min(count, pattern_.size() - at_);
    out_ += pattern_.substr(at_, count);
    at_ += count;
  }
  bool skips(std::string_view what, std::string_view instead) {
    if (depth_ == 0 || !is_at(what)) return false;
    at_ += what.size();
    out_ += instead;
    return changed_ = true;
  }

  void open() {
    ++depth_;
    copy(1);
    if (is_at("^")) copy(1);
    if (is_at("]")) copy(1);  // the first of a set is itself
  }

  void escape() {
    copy(1);
    if (is_at("p{") || is_at("P{")) return property();
    if (is_at("c")) return control(1);
    if (is_at("C-") || is_at("M-")) return control(2);
    copy(1);
  }
  /// `\c[`: the character behind it opens nothing.
  void control(std::size_t length) {
    copy(length);
    if (!is_at("\\")) copy(1);
  }

  void property() {
    const std::size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos) return copy(2);
    std::string name;
    for (const char c : pattern_.substr(at_ + 2, end - at_ - 2)) {
      if (c != ' ' && c != '-' && c != '_') name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const bool is_negated = name.starts_with('^');
    const std::string_view bare = std::string_view(name).substr(is_negated);
    if (bare == "word" && depth_ == 0) {
      out_ += is_negated == is_at("P") ? 'w' : 'W';
    } else if (bare == "punct") {
      copy(2);
      out_ += is_negated ? "^P}" : "P}";
    } else {
      return copy(end + 1 - at_);
    }
    at_ = end + 1;
    changed_ = true;
  }

  void group() {
    if (depth_ > 0) return copy(1);
    if (is_at("(?#")) {
      while (at_ < pattern_.size() && pattern_[at_] != ')') copy(pattern_[at_] == '\\' ? 2 : 1);
      return;
    }
    has_callout_ |= is_at("(?{") || is_at("(*");
    copy(1);
    if (!is_at("?")) return;
    const std::size_t end = std::min(pattern_.size(), pattern_.find_first_of(":)", at_));
    const std::string_view options = pattern_.substr(at_ + 1, end - at_ - 1);
    const bool are_options = std::ranges::all_of(options, [](unsigned char c) { return std::isalpha(c) || c == '-'; });
    may_be_extended_ |= are_options && options.find('x') != std::string_view::npos;
  }

  std::string_view pattern_;
  std::string out_;
  std::size_t at_ = 0;
  int depth_ = 0;  // of sets
  bool changed_ = false, has_hash_ = false, may_be_extended_ = false, has_callout_ = false;
};

}  // namespace

std::optional<std::string> with_plain_classes(std::string_view pattern) { return Walk(pattern).written(); }

}  // namespace bertrt::text
