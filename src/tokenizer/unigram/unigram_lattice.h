#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "tokenizer/unigram/unigram_vocab.h"

namespace bertrt::tokenizer {

/// The best way to cut a word into pieces: Viterbi over the trie, in double precision and with the first of equal
/// ways kept, as tokenizers 0.23.3 does it (models/unigram/model.rs, encode_optimized). sentencepiece itself adds in
/// single precision, which can choose another way.
class UnigramLattice {
 public:
  struct Options {
    std::int32_t unk_id = 0;     ///< -1: none, and something unknown is an Error
    bool byte_fallback = false;  ///< an unknown run becomes the pieces <0x00> … <0xFF> of its bytes
    bool special_pieces = true;  ///< control pieces may be part of the way
    bool watches_ties = false;   ///< for is_near_tie()
  };
  /// Sums of scores that are nearer than this may be rounded to another order: with scores below 64 (unknown characters
  /// 74) and some 16,000 characters each of them is off by less than 2^-19, and four come into a comparison.
  static constexpr double kNear = 1.0 / 65536;

  /// Appends the pieces of `word` (valid UTF-8): ids, and bytes of the word that each stands for. Neighbouring unknown
  /// characters are one piece.
  void encode(const UnigramVocab& vocab, std::string_view word, const Options& options, std::vector<std::int32_t>& ids,
              std::vector<Offset>& offsets);
  /// The last word that was encoded with `watches_ties` could have been cut otherwise with all but the same score: what
  /// stands before it may decide.
  bool is_near_tie() const noexcept { return is_near_tie_; }

 private:
  /// The best way to the place where it stands.
  struct Best {
    double score = 0;
    std::int32_t id = -1;  ///< of its last piece; -1: no way yet
    std::uint32_t begin = 0;
  };
  struct Cut {
    Offset range;
    std::int32_t id = -1;  ///< -1: an unknown run
  };

  void search(const UnigramVocab& vocab, std::string_view word, const Options& options);

  std::vector<Best> best_;          ///< by byte of the word
  std::vector<std::uint8_t> near_;  ///< by byte of the word, where ties are watched: another way is as good
  bool is_near_tie_ = false;
  std::vector<Cut> cuts_;  ///< from the word's end to its begin
};

}  // namespace bertrt::tokenizer
