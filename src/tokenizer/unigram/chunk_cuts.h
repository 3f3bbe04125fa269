#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer/text_words.h"
#include "tokenizer/unigram/unigram_normalizer.h"
#include "tokenizer/unigram/unigram_words.h"

namespace bertrt::tokenizer {

/// Where a text may be cut so that the best pieces of the parts are the best pieces of the whole.
///
/// At white space, and between two ASCII characters a and b where all of this holds, so that nothing reaches over:
/// - the normalizer makes of each one ASCII character, A and B, whatever stands beside it;
/// - no piece has A before B in it, so that every way to cut the whole has an end there;
/// - A and B are pieces themselves, so that neither is a part of an unknown run, and the unknown token's own text does
///   not end with A or begin with B;
/// - sums of scores are exact: each score is a multiple of 2^-32 below 512 (they are floats of 24 bits), and no word
///   without white space has more than kMostExact bytes. The order of additions then makes no difference, and what is
///   better in the whole is better in the part. Or they are nearly so (tokenizer.json's as the tokenizers library reads
///   them: json_number.h): what is clearly better in a part is better in the whole, and whoever encodes has to watch
///   for parts that have no clear best (watches_ties()) and take the whole word then.
/// Immutable but for forget().
class ChunkCuts {
 public:
  static constexpr std::size_t kMostExact = 2048;
  static constexpr std::size_t kMostWatched = 256;
  /// Kinds of the words that cut() gives.
  static constexpr std::uint8_t kFirst = 0;  ///< behind white space, or the text's begin
  static constexpr std::uint8_t kInner = 1;  ///< behind another word

  /// @param separates  bytes that are white space before and after the normalizer
  void build(const UnigramPieces& pieces, const UnigramNormalizer& normalizer, const std::array<bool, 256>& separates);
  /// The piece may be left out of ways from now on (see UnigramVocab::mark_special()).
  void forget(std::string_view piece) noexcept;

  /// Puts the words of `text` from `begin` on, where white space or a word behind it stands, into `words`, emptied
  /// before. Gives where to go on: behind some 4 kB, or a whole word of any size.
  std::size_t cut(std::string_view text, std::size_t begin, TextWords& words) const noexcept {
    return cut(text, begin, most_, words);
  }
  /// The same at white space alone.
  std::size_t cut_at_space(std::string_view text, std::size_t begin, TextWords& words) const noexcept {
    return cut(text, begin, 0, words);
  }
  /// A kInner word counts only where its best pieces are clearly the best.
  bool watches_ties() const noexcept { return watches_ties_; }

 private:
  static constexpr std::uint8_t kSpace = 2;

  /// @param most  bytes of the longest word that is cut otherwise than at white space
  std::size_t cut(std::string_view text, std::size_t begin, std::size_t most, TextWords& words) const noexcept;
  std::uint8_t between(unsigned char a, unsigned char b) const noexcept { return cuts_[std::size_t{a} * 256 + b]; }

  bool watches_ties_ = false;
  std::size_t most_ = kMostExact;
  std::array<bool, 256> separates_{};
  std::array<unsigned char, 128> normal_{};     ///< what the normalizer makes of an ASCII character; 0: no one knows
  std::array<std::uint8_t, 256 * 256> cuts_{};  ///< 0: none, 1: between two characters, kSpace: white space
};

}  // namespace bertrt::tokenizer
