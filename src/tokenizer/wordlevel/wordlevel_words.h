#pragma once

#include <string>

#include "tokenizer/subword_vocab.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

/// A vocabulary of whole words. Immutable.
class WordLevelWords final : public WordModel {
 public:
  WordLevelWords(SubwordVocab vocab, std::string unk_token)
      : vocab_(std::move(vocab)), unk_token_(std::move(unk_token)), unk_id_(vocab_.find(unk_token_).value_or(-1)) {}

  std::string_view family() const noexcept override { return "wordlevel"; }
  void encode(std::string_view word, bool special_pieces, Pieces& pieces) const override {
    (void)special_pieces;
    const std::int32_t id = vocab_.find(word).value_or(unk_id_);
    if (id < 0) throw_no_unknown_token(unk_token_);
    pieces.ids.push_back(id);
    pieces.offsets.push_back({0, static_cast<std::uint32_t>(word.size())});
  }
  std::optional<std::string_view> id_to_token(std::int32_t id) const override { return vocab_.token(id); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override { return vocab_.find(token); }
  std::size_t size() const noexcept override { return vocab_.size(); }
  std::size_t token_count() const noexcept override { return vocab_.count(); }

 private:
  SubwordVocab vocab_;
  std::string unk_token_;
  std::int32_t unk_id_;
};

}  // namespace bertrt::tokenizer
