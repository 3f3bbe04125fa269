#pragma once

#include <string>

#include "tokenizer/word_model.h"
#include "tokenizer/wordpiece/wordpiece_lexicon.h"

namespace bertrt::tokenizer {

/// WordPiece alone: the longest piece first. Immutable.
class WordPieceWords final : public WordModel {
 public:
  struct Options {
    std::string unk_token = "[UNK]";
    std::string prefix = "##";   ///< of pieces that continue a word
    std::size_t max_word = 100;  ///< longest word in code points; a longer one is unknown
  };

  /// @param prefix_in_words  a word may begin with the prefix itself, because the pre-tokenizer does not part it
  WordPieceWords(WordPieceVocab vocab, Options options, bool prefix_in_words, const std::string& where);

  std::string_view family() const noexcept override { return "wordpiece"; }
  void encode(std::string_view word, bool special_pieces, Pieces& pieces) const override;
  std::optional<std::string_view> id_to_token(std::int32_t id) const override { return lexicon_.token(id); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override { return lexicon_.find(token); }
  std::size_t size() const noexcept override { return lexicon_.size(); }
  std::size_t token_count() const noexcept override { return lexicon_.token_count(); }

  const WordPieceLexicon& lexicon() const noexcept { return lexicon_; }
  const Options& options() const noexcept { return options_; }
  /// -1: not in the vocabulary.
  std::int32_t unk_id() const noexcept { return unk_id_; }

 private:
  void put_unknown(std::string_view word, Pieces& pieces) const;

  Options options_;
  WordPieceLexicon lexicon_;
  std::int32_t unk_id_ = -1;
};

}  // namespace bertrt::tokenizer
