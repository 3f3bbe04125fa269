#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

/// A token that is recognized in the text before the model sees it (tokenizer.json's "added_tokens").
struct AddedToken {
  std::string content;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space behind it
  bool normalized = false;   ///< looked for in normalized text, itself normalized
  bool special = true;       ///< left out by decode(skip_special_tokens), ignored with parse_special_tokens = false
  friend bool operator==(const AddedToken&, const AddedToken&) = default;
};

/// The added tokens and their ids, as Hugging Face's AddedVocabulary gives them out (tokenizers 0.23.3): a token that
/// the model or an earlier call has keeps its id; a new one gets the next behind them all, whatever id a file wished
/// for.
class AddedVocabulary {
 public:
  struct Entry {
    AddedToken token;
    std::string searched;     ///< what is looked for: the content, normalized where it has to be
    std::string decoded;      ///< what the decoder sees
    bool is_skipped = false;  ///< skip_special_tokens leaves it out
  };

  /// Adds tokens, in order. Those that are there already get their new properties.
  void add(std::span<const AddedToken> tokens, const WordModel& model, const Normalizer& normalizer);

  /// Puts a token at the id that a file wishes for, as tokenizers written in Python do it. No other may have the id.
  void put(std::int32_t id, const AddedToken& token);

  /// Must be called after the last add(). @throws Error unsupported where two tokens are looked for alike
  void finish(const std::string& where);

  /// The same tokens at the same ids, after finish(), under another normalizer.
  /// @throws Error unsupported where two tokens are looked for alike then
  AddedVocabulary under(const Normalizer& normalizer, const std::string& where) const;

  std::optional<std::int32_t> find(std::string_view content) const;
  const std::map<std::int32_t, Entry>& by_id() const noexcept { return by_id_; }
  bool is_special(std::string_view content) const { return special_.contains(content); }

 private:
  void keep_form(std::int32_t id, const AddedToken& token, const Normalizer& normalizer);

  std::map<std::int32_t, Entry> by_id_;
  std::map<std::string, std::int32_t, std::less<>> by_content_;
  std::map<std::int32_t, std::string> normalized_;  ///< forms that differ; kept when a token is added anew
  std::set<std::string, std::less<>> special_;
};

}  // namespace bertrt::tokenizer
