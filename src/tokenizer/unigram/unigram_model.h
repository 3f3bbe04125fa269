#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/unigram/chunk_cuts.h"
#include "tokenizer/unigram/unigram_lattice.h"
#include "tokenizer/unigram/unigram_normalizer.h"
#include "tokenizer/unigram/unigram_words.h"
#include "tokenizer/word_cache.h"

namespace bertrt::tokenizer {

using pre_tokenizers::PrependScheme;

/// What a unigram tokenizer is made of.
struct UnigramSpec {
  UnigramPieces pieces;
  UnigramNormalizer normalizer;
  bool split_white_space = true;  ///< WhitespaceSplit before Metaspace
  PrependScheme prepend_scheme = PrependScheme::always;
  bool split_at_mark = true;  ///< Metaspace's "split"
};

/// Unigram: ALBERT, XLM-RoBERTa, CamemBERT. Normalizer, words by white space, "▁" before each, pieces by Viterbi.
///
/// What stands between white space is normalized and cut alone where that gives the same as the whole text would, in
/// parts where the vocabulary shows that no piece reaches over (chunk_cuts.h), and their tokens are remembered for each
/// thread in a bounded table (word_cache.h).
class UnigramModel final : public SubwordModel {
 public:
  explicit UnigramModel(UnigramSpec spec);

  std::string_view family() const noexcept override { return "unigram"; }
  void encode(std::string_view text, RunContext context, Pieces& pieces) const override;
  void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const override;
  void normalize(std::string_view text, RunContext context, text::NormalizedText& normalized) const override;
  void encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const override;
  const WordModel& words() const noexcept override { return words_; }
  void mark_special(std::string_view token) override {
    words_.mark_special(token);
    if (cuts_ != nullptr) cuts_->forget(token);
  }

 private:
  /// One call's memory.
  struct Scratch {
    text::NormalizedText text;
    text::ChangeList changes;
    text::NormalizedText word;  ///< a word with its mark
    UnigramLattice lattice;
    Pieces pieces;              ///< of one chunk
    bool watches_ties = false;  ///< what stands before the word that is encoded may decide between equal ways
    bool has_near_tie = false;  ///< and there were some
  };

  /// Chunk by chunk between white space. False when the text has to be taken as a whole: what was put out is then taken
  /// back.
  template <typename Output>
  bool encode_chunks(std::string_view text, RunContext context, Scratch& scratch, Output& output) const;
  void encode_whole(std::string_view text, RunContext context, Scratch& scratch, Pieces& pieces) const;
  /// Splits and encodes normalized text; offsets are into what `text` was made from. `goes_on`: the text goes on with
  /// a word, so that no mark stands before it.
  void encode_words(const text::NormalizedText& text, RunContext context, Scratch& scratch, Pieces& pieces,
                    bool goes_on = false) const;
  void encode_word(const text::NormalizedText& text, std::size_t begin, std::size_t end, RunContext context,
                   Scratch& scratch, Pieces& pieces, bool goes_on) const;

  UnigramWords words_;
  const UnigramPieces& pieces_ = words_.pieces();
  UnigramSpec spec_;                 ///< without its pieces
  std::unique_ptr<ChunkCuts> cuts_;  ///< none where the text is taken as a whole
  WordCaches caches_;
  WordCaches plain_caches_;  ///< for texts that may not name control pieces
};

}  // namespace bertrt::tokenizer
