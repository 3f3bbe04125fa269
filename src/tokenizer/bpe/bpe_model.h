#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/bpe/bpe_merges.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/subword_vocab.h"
#include "tokenizer/word_cache.h"

namespace bertrt::tokenizer {

/// What a byte-level BPE is made of.
struct BpeSpec {
  SubwordVocab vocab;
  BpeMerges merges;
  bool add_prefix_space = false;       ///< a run that does not begin with a space gets one
  bool split_words = true;             ///< by GPT-2's pattern; off: a run is one word
  std::optional<std::int32_t> unk_id;  ///< for bytes that the vocabulary lacks; none: they vanish
  bool fuse_unk = false;               ///< neighbouring unknown bytes become one token
  bool ignore_merges = false;          ///< a word that is a token is that token
};

/// Byte-level BPE: RoBERTa, Longformer, DeBERTa. Words by GPT-2's pattern, bytes as the alphabet, merges by rank.
///
/// A word's tokens are remembered for each thread in a bounded table (word_cache.h). A character that is split over
/// tokens gives each of them its whole range, as Hugging Face has it.
class BpeModel final : public SubwordModel {
 public:
  explicit BpeModel(BpeSpec spec);

  std::string_view family() const noexcept override { return "bpe"; }
  bool has_normalizer() const noexcept override { return false; }
  void encode(std::string_view text, RunContext context, Pieces& pieces) const override;
  void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const override;
  std::string decode(std::span<const std::string_view> tokens) const override;
  std::optional<std::string_view> id_to_token(std::int32_t id) const override { return spec_.vocab.token(id); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override { return spec_.vocab.find(token); }
  std::size_t size() const noexcept override { return spec_.vocab.size(); }

 private:
  /// One call's memory.
  struct Scratch {
    std::vector<BpeSymbol> symbols;
    Pieces pieces;        ///< of one word, offsets from its begin
    std::string spelled;  ///< the word in the byte alphabet
  };

  /// Valid UTF-8 with its prefix space in place.
  template <typename Output>
  void encode_words(std::string_view text, Output& output) const;
  /// One word into scratch.pieces, which are empty.
  void encode_word(std::string_view word, Scratch& scratch) const;
  void encode_known_bytes(std::string_view word, Scratch& scratch) const;
  void encode_with_unknown_bytes(std::string_view word, Scratch& scratch) const;

  BpeSpec spec_;
  std::array<std::int32_t, 256> byte_ids_{};  ///< -1: not in the vocabulary
  bool every_byte_known_ = true;
  WordCaches caches_;
};

}  // namespace bertrt::tokenizer
