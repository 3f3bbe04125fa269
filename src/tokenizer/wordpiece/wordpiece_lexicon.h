#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/wordpiece/piece_trie.h"
#include "tokenizer/wordpiece/word_table.h"
#include "tokenizer/wordpiece/wordpiece_vocab.h"

namespace bertrt::tokenizer {

/// A WordPiece vocabulary in the forms that encoding asks for: short words whole, and the longest piece that begins or
/// continues a word. Immutable.
class WordPieceLexicon {
 public:
  /// @param prefix           of pieces that continue a word, "##"
  /// @param prefix_in_words  a word may begin with the prefix itself, because the pre-tokenizer does not part it
  WordPieceLexicon(WordPieceVocab vocab, std::string prefix, bool prefix_in_words, const std::string& where);
  WordPieceLexicon(const WordPieceLexicon&) = delete;
  WordPieceLexicon& operator=(const WordPieceLexicon&) = delete;

  /// The id of a whole word of at most 16 bytes, none of them 0; -1 if it is no token itself.
  std::int32_t find_word(WordKey key) const noexcept { return words_.find(key); }
  PieceTrie::Match longest_initial(std::string_view text) const noexcept { return initial_.longest(text); }
  PieceTrie::Match longest_continuation(std::string_view text) const noexcept { return continuation_.longest(text); }

  /// Any token, as it stands in the vocabulary.
  std::optional<std::int32_t> find(std::string_view token) const noexcept;
  std::optional<std::string_view> token(std::int32_t id) const noexcept;
  /// Highest id + 1.
  std::size_t size() const noexcept { return by_id_.size(); }
  /// Number of tokens.
  std::size_t token_count() const noexcept { return token_count_; }

 private:
  enum class Kind { initial, continuation };

  bool is_initial(std::string_view token) const noexcept;
  std::vector<PieceTrie::Key> keys(Kind kind) const;
  void add_words();

  WordPieceVocab vocab_;
  std::string prefix_;
  bool prefix_in_words_;
  std::vector<std::uint32_t> by_id_;  // index of the entry + 1; 0: no token has this id
  WordTable words_;
  PieceTrie initial_;
  PieceTrie continuation_;
  std::int32_t empty_id_ = -1;   // of the empty token, which no text can give
  std::int32_t prefix_id_ = -1;  // of the prefix alone, likewise
  std::size_t token_count_ = 0;
};

}  // namespace bertrt::tokenizer
