#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/bpe/word_scanner.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/word_cache.h"

namespace bertrt::tokenizer {

/// What stands before a byte-level BPE.
struct ByteLevelOptions {
  bool nfc = false;               ///< canonical composition first
  bool add_prefix_space = false;  ///< a run that does not begin with a space gets one
  WordScanner scanner = nullptr;  ///< cuts a run into words; none: a run is one word
};

/// Byte-level BPE: RoBERTa, Longformer, DeBERTa, GPT-2, ModernBERT, Llama 3. Words by a scanner, bytes as the alphabet,
/// merges by rank.
///
/// A word's tokens are remembered for each thread in a bounded table (word_cache.h). A character that is split over
/// tokens gives each of them its whole range, as Hugging Face has it.
class BpeModel final : public SubwordModel {
 public:
  /// `spec` without prefix, suffix and byte_fallback, which have no meaning over bytes.
  BpeModel(BpeSpec spec, ByteLevelOptions options);

  std::string_view family() const noexcept override { return "bpe"; }
  bool has_normalizer() const noexcept override { return options_.nfc; }
  void encode(std::string_view text, RunContext context, Pieces& pieces) const override;
  void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const override;
  void normalize(std::string_view text, RunContext context, text::NormalizedText& normalized) const override;
  void encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const override;
  const WordModel& words() const noexcept override { return words_; }

 private:
  /// One call's memory.
  struct Scratch {
    std::vector<BpeSymbol> symbols;
    Pieces pieces;        ///< of one word, offsets from its begin
    std::string spelled;  ///< the word in the byte alphabet
  };

  /// Neither the normalizer nor the repair of invalid UTF-8 would change `text`.
  bool stands_as_it_is(std::string_view text) const noexcept;
  /// Valid UTF-8 with its prefix space in place.
  template <typename Output>
  void encode_words(std::string_view text, Output& output) const;
  /// One word into scratch.pieces, which are empty.
  void encode_word(std::string_view word, Scratch& scratch) const;
  void encode_known_bytes(std::string_view word, Scratch& scratch) const;
  void encode_with_unknown_bytes(std::string_view word, Scratch& scratch) const;

  BpeWords words_;
  const BpeSpec& spec_ = words_.spec();
  ByteLevelOptions options_;
  std::optional<std::int32_t> unk_id_;
  std::array<std::int32_t, 256> byte_ids_{};  ///< -1: not in the vocabulary
  bool every_byte_known_ = true;
  WordCaches caches_;
};

}  // namespace bertrt::tokenizer
