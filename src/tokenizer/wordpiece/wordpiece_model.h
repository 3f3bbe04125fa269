#pragma once

#include <array>
#include <memory>
#include <string>

#include "text/bert_normalizer.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/wordpiece/wordpiece_words.h"

namespace bertrt::tokenizer {

/// What a WordPiece tokenizer is made from.
struct WordPieceSpec {
  WordPieceVocab vocab;
  WordPieceWords::Options words;
  text::BertNormalizerOptions normalizer;
};

/// BERT's WordPiece: BertNormalizer, BertPreTokenizer and WordPiece of Hugging Face.
///
/// Words, cut at ASCII spaces and punctuation 64 bytes at a time, are remembered for each thread (word_cache.h). A new
/// one with anything but ASCII letters and digits takes the general way, one code point after the other.
class WordPieceModel final : public SubwordModel {
 public:
  /// @throws Error invalid_format where the vocabulary lacks the unknown token
  WordPieceModel(WordPieceSpec spec, const std::string& where);

  std::string_view family() const noexcept override { return "wordpiece"; }
  void encode(std::string_view text, RunContext context, Pieces& pieces) const override;
  void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const override;
  void normalize(std::string_view text, RunContext context, text::NormalizedText& normalized) const override;
  void encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const override;
  const WordModel& words() const noexcept override { return words_; }

 private:
  template <typename Output>
  friend class WordPieceEncoder;

  /// What an ASCII byte does to the word that it stands in.
  enum class ByteClass : std::uint8_t { word, space, punctuation, other };

  std::size_t max_word_;
  text::BertNormalizerOptions normalizer_;
  WordPieceWords words_;
  const WordPieceLexicon& lexicon_ = words_.lexicon();
  std::int32_t unk_ = -1;
  WordCaches caches_;
  std::array<ByteClass, 256> byte_class_{};
  std::array<std::int32_t, 128> byte_id_{};  ///< of a punctuation mark as a word
  bool lowercase_;                           ///< ASCII letters
};

}  // namespace bertrt::tokenizer
