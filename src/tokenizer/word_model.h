#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tokenizer/subword_model.h"

namespace bertrt::tokenizer {

/// The model alone: one piece of text, as the pre-tokenizer left it, to ids. Immutable.
class WordModel {
 public:
  virtual ~WordModel() = default;

  /// "wordpiece", "unigram", "bpe" or "wordlevel".
  virtual std::string_view family() const noexcept = 0;

  /// Appends the ids of `word` (valid UTF-8, not empty) and their bytes in it.
  /// @throws Error invalid_argument for a word with something unknown where the vocabulary lacks the unknown token
  virtual void encode(std::string_view word, bool special_pieces, Pieces& pieces) const = 0;

  /// See SubwordModel.
  virtual void mark_special(std::string_view token) { (void)token; }

  /// The model's own vocabulary, without added tokens that it lacks. The view lives as long as the model.
  virtual std::optional<std::string_view> id_to_token(std::int32_t id) const = 0;
  virtual std::optional<std::int32_t> token_to_id(std::string_view token) const = 0;

  /// Highest id + 1.
  virtual std::size_t size() const noexcept = 0;
  /// Number of tokens, which is less where ids have gaps: the id that the first added token gets.
  virtual std::size_t token_count() const noexcept = 0;
};

/// What a word is told that has something unknown in it, where the files name an unknown token that is none.
[[noreturn]] void throw_no_unknown_token(std::string_view unk_token);

}  // namespace bertrt::tokenizer
