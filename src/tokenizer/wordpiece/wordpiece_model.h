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
/// ASCII words, found 64 bytes at a time, go from the text to their id by one probe of a table. A word with anything
/// else in it takes the general way, one code point after the other, up to the next ASCII space or punctuation.
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
  std::size_t short_word_;  ///< longest word for the table of words
  text::BertNormalizerOptions normalizer_;
  WordPieceWords words_;
  const WordPieceLexicon& lexicon_ = words_.lexicon();
  std::int32_t unk_ = -1;
  WordCaches caches_;  ///< of short words that split
  std::array<ByteClass, 256> byte_class_{};
  std::array<std::int32_t, 128> byte_id_{};  ///< of a punctuation mark as a word
  std::uint64_t case_bits_ = 0;              ///< 0x20 in every byte where letters are lower-cased
};

}  // namespace bertrt::tokenizer
