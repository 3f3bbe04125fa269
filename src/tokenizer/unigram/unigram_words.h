#pragma once

#include <cstdint>

#include "tokenizer/unigram/unigram_vocab.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

/// A unigram model, as its files have it.
struct UnigramPieces {
  UnigramVocab vocab;
  std::int32_t unk_id = 0;  ///< -1: none
  bool byte_fallback = false;
};

/// Unigram alone: the best cut by Viterbi. Immutable. What a thread cut before is remembered (word_cache.h).
class UnigramWords final : public WordModel {
 public:
  explicit UnigramWords(UnigramPieces pieces) : pieces_(std::move(pieces)) {}

  std::string_view family() const noexcept override { return "unigram"; }
  void encode(std::string_view word, bool special_pieces, Pieces& pieces) const override;
  std::optional<std::string_view> id_to_token(std::int32_t id) const override { return pieces_.vocab.piece(id); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override { return pieces_.vocab.find(token); }
  std::size_t size() const noexcept override { return pieces_.vocab.size(); }
  std::size_t token_count() const noexcept override { return pieces_.vocab.size(); }
  void mark_special(std::string_view token) override { pieces_.vocab.mark_special(token); }
  const UnigramPieces& pieces() const noexcept { return pieces_; }

 private:
  UnigramPieces pieces_;
  WordCaches caches_;
  WordCaches plain_caches_;  ///< for texts that may not name control pieces
};

}  // namespace bertrt::tokenizer
