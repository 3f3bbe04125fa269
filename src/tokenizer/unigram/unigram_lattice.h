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
  };

  /// Appends the pieces of `word` (valid UTF-8): ids, and bytes of the word that each stands for. Neighbouring unknown
  /// characters are one piece.
  void encode(const UnigramVocab& vocab, std::string_view word, const Options& options, std::vector<std::int32_t>& ids,
              std::vector<Offset>& offsets);

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

  std::vector<Best> best_;  ///< by byte of the word
  std::vector<Cut> cuts_;   ///< from the word's end to its begin
};

}  // namespace bertrt::tokenizer
