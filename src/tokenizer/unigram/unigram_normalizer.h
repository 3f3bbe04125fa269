#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "text/change_list.h"
#include "text/precompiled.h"

namespace bertrt::tokenizer {

/// A unigram tokenizer's normalizer: a list of Hugging Face's normalizers, one after the other.
class UnigramNormalizer {
 public:
  struct Replace {
    std::string pattern;
    std::string content;
  };
  /// The pattern " {2,}".
  struct ReplaceSpaceRuns {
    std::string content;
  };
  struct Strip {
    bool left = true;
    bool right = true;
  };
  struct Nfkd {};
  struct StripAccents {};
  struct Lowercase {};
  using Charsmap = std::shared_ptr<const text::Precompiled>;
  using Step = std::variant<Replace, ReplaceSpaceRuns, Strip, Nfkd, StripAccents, Lowercase, Charsmap>;

  UnigramNormalizer() = default;
  explicit UnigramNormalizer(std::vector<Step> steps);

  /// Makes `text` its normal form. True when the same comes out wherever the text stands between white space: then its
  /// words may be normalized one by one.
  bool apply(text::NormalizedText& text, text::ChangeList& list) const;

  /// The one ASCII character that `c` (ASCII) becomes wherever it stands between others of that kind; -1 for none.
  int alone(char c) const;

  /// Whether apply() can give true: no step looks at the white space between words.
  bool works_by_words() const noexcept { return works_by_words_; }

 private:
  std::vector<Step> steps_;
  bool works_by_words_ = true;
};

}  // namespace bertrt::tokenizer
