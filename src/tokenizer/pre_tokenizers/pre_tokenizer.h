#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/change_list.h"
#include "text/regex.h"
#include "tokenizer/pre_tokenizers/splits.h"

namespace bertrt::tokenizer {

// tokenizer.json's pre-tokenizers as values, one struct a kind.
namespace pre_tokenizers {

/// What becomes of a stretch that a pattern matched.
enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };
/// Where Metaspace puts a mark before a piece that has none.
enum class PrependScheme { always, first, never };

struct Bert {};
struct ByteLevel {
  bool add_prefix_space = true;
  bool use_regex = true;
};
struct Metaspace {
  std::string replacement = "\xE2\x96\x81";
  PrependScheme scheme = PrependScheme::always;
  bool split = true;
};
struct Whitespace {};       ///< \w+|[^\w\s]+
struct WhitespaceSplit {};  ///< at white space alone
struct Punctuation {
  Behavior behavior = Behavior::isolated;
};
struct Digits {
  bool individual = false;
};
struct Split {
  std::shared_ptr<const text::Regex> pattern;
  Behavior behavior = Behavior::isolated;
  bool invert = false;
  bool is_literal = false;
};
struct CharDelimiter {
  char32_t delimiter = ' ';
};
struct UnicodeScripts {};
struct FixedLength {
  std::size_t length = 5;  ///< characters
};

using Step = std::variant<Bert, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, Punctuation, Digits, Split,
                          CharDelimiter, UnicodeScripts, FixedLength>;

}  // namespace pre_tokenizers

/// A pre-tokenizer: steps, one after the other. Immutable.
class PreTokenizer {
 public:
  PreTokenizer() = default;
  explicit PreTokenizer(std::vector<pre_tokenizers::Step> steps) : steps_(std::move(steps)) {}

  const std::vector<pre_tokenizers::Step>& steps() const noexcept { return steps_; }

  /// Memory that is used again and again.
  struct Scratch {
    Splits next;
    std::vector<text::Match> matches;
    std::vector<text::Match> merged;
    text::ChangeList list;
  };

  /// Cuts the text of `splits` into spans. What was in splits.spans does not count. `start_bytes`: spans whose origin
  /// is below it begin the caller's text. @throws Error invalid_argument where a pattern takes too long
  void split(Splits& splits, std::uint32_t start_bytes, Scratch& scratch) const;

 private:
  std::vector<pre_tokenizers::Step> steps_;
};

}  // namespace bertrt::tokenizer
