#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/bpe/bpe_merges.h"
#include "tokenizer/subword_vocab.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

/// A byte-pair encoding, as its files have it.
struct BpeSpec {
  SubwordVocab vocab;
  BpeMerges merges;
  std::optional<std::string> unk_token;  ///< for characters that the vocabulary lacks; none: they vanish
  bool fuse_unk = false;                 ///< neighbouring unknown characters become one token
  bool ignore_merges = false;            ///< a word that is a token is that token
  bool byte_fallback = false;            ///< an unknown character becomes the tokens <0x00> … <0xFF> of its bytes
  std::string prefix;                    ///< of every character of a word but the first
  std::string suffix;                    ///< of a word's last character

  std::optional<std::int32_t> unk_id() const { return unk_token ? vocab.find(*unk_token) : std::nullopt; }
};

/// BPE over characters, whatever alphabet the stages before it chose. A word's tokens are remembered for each thread
/// (word_cache.h).
class BpeWords final : public WordModel {
 public:
  explicit BpeWords(BpeSpec spec);

  std::string_view family() const noexcept override { return "bpe"; }
  void encode(std::string_view word, bool special_pieces, Pieces& pieces) const override;
  std::optional<std::string_view> id_to_token(std::int32_t id) const override { return spec_.vocab.token(id); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override { return spec_.vocab.find(token); }
  std::size_t size() const noexcept override { return spec_.vocab.size(); }
  std::size_t token_count() const noexcept override { return spec_.vocab.count(); }
  const BpeSpec& spec() const noexcept { return spec_; }

 private:
  void encode_anew(std::string_view word, Pieces& pieces) const;
  std::int32_t id_of(std::string_view character, bool is_first, bool is_last, std::string& spelled) const;

  BpeSpec spec_;
  std::array<std::int32_t, 128> ascii_ids_{};  ///< of a character without prefix and suffix; -1: none
  std::optional<std::int32_t> unk_id_;
  WordCaches caches_;
};

}  // namespace bertrt::tokenizer
