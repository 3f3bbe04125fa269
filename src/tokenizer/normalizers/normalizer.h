#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/bert_normalizer.h"
#include "text/change_list.h"
#include "text/normalized_text.h"
#include "text/precompiled.h"
#include "text/regex.h"

namespace bertrt::tokenizer {

// tokenizer.json's normalizers as values, one struct a kind. What each does to a text stands in text/rewrite.h.
namespace normalizers {

struct Bert {
  text::BertNormalizerOptions options;
};
struct Nfc {};
struct Nfd {};
struct Nfkc {};
struct Nfkd {};
struct Lowercase {
  bool is_nested = false;  ///< in a sequence that is itself one step of another
};
struct StripAccents {};
struct Nmt {};
/// Bytes in place of characters, in the byte-level alphabet.
struct ByteLevel {};
struct Strip {
  bool left = true;
  bool right = true;
};
struct Prepend {
  std::string content;
};
struct Replace {
  std::shared_ptr<const text::Regex> pattern;
  std::string content;
  bool is_literal = false;
};
using Precompiled = std::shared_ptr<const text::Precompiled>;

using Step = std::variant<Bert, Nfc, Nfd, Nfkc, Nfkd, Lowercase, StripAccents, Nmt, ByteLevel, Strip, Prepend, Replace,
                          Precompiled>;

}  // namespace normalizers

/// A normalizer: steps, one after the other. Immutable.
class Normalizer {
 public:
  Normalizer() = default;
  explicit Normalizer(std::vector<normalizers::Step> steps) : steps_(std::move(steps)) {}

  bool empty() const noexcept { return steps_.empty(); }
  const std::vector<normalizers::Step>& steps() const noexcept { return steps_; }

  /// What sentence-transformers makes of it for a model of do_lower_case: the same with a Lowercase in front, but as it
  /// is where it has one, in a sequence of sequences that it does not look into. nullopt: nothing changes.
  std::optional<Normalizer> in_lower_case() const;

  /// Makes `text` its normal form. @throws Error invalid_argument where a pattern takes too long
  void apply(text::NormalizedText& text, text::ChangeList& list) const;

  /// The normal form of a text alone.
  std::string apply(std::string_view text) const;

 private:
  std::vector<normalizers::Step> steps_;
};

}  // namespace bertrt::tokenizer
