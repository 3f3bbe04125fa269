#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/added_vocabulary.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json_parts.h"
#include "tokenizer/hub/class_choice.h"

// Internal to the layer: the JSON library must not reach a header that another layer includes.
namespace bertrt::tokenizer {

/// A token as Python files write it: a text, or an AddedToken whose `normalized` may be left open.
struct TokenValue {
  std::string content;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  bool special = false;
  std::optional<bool> normalized = std::nullopt;
  bool is_text = true;  ///< no AddedToken, a bare text

  static TokenValue text(std::string content) { return {.content = std::move(content)}; }
  AddedToken token() const { return {content, single_word, lstrip, rstrip, normalized.value_or(!special), special}; }
  friend bool operator==(const TokenValue&, const TokenValue&) = default;
};

/// What the small files of a checkpoint's folder say, put together as transformers 5.24.0 does it before it makes a
/// tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json, config.json, and the added tokens of
/// tokenizer.json.
class Settings {
 public:
  /// Tokens by names, in the order in which they are added.
  using KeyedTokens = std::vector<std::pair<std::string, TokenValue>>;

  /// @param file  tokenizer.json; null where there is none
  /// @throws Error invalid_format, unsupported
  Settings(const TokenizerFiles& files, const TokenizerJsonParts* file);

  ClassHints class_hints() const;

  /// A named special token ("cls_token"): what the files say, else `usual`; nullopt for null.
  std::optional<TokenValue> named(const char* key, std::optional<TokenValue> usual) const;
  /// Special tokens without a usual name ("image_token"), by their keys.
  const KeyedTokens& model_specific() const noexcept { return model_specific_; }
  /// "extra_special_tokens", or "additional_special_tokens"; nullopt where neither is there.
  /// @throws Error invalid_format
  std::optional<std::vector<TokenValue>> extra() const;
  /// Of the two, extra_special_tokens, or what stands in its place in tokenizer_config.json.
  const std::optional<std::vector<TokenValue>>& own_extra() const noexcept { return own_extra_; }
  /// Of the two, the list of the older name that a class's constructor is given: special_tokens_map.json's, whose place
  /// a sentencepiece model's own pieces take.
  /// @throws Error invalid_format
  std::optional<std::vector<TokenValue>> additional() const;
  /// By id.
  const std::map<std::int64_t, TokenValue>& added_tokens() const noexcept { return added_; }

  /// Other settings. @throws Error invalid_format for a value of another type
  bool has(const char* key) const;
  bool says(const char* key) const { return values_.contains(key); }  ///< perhaps null
  bool flag(const char* key, bool fallback) const;
  std::optional<bool> optional_flag(const char* key) const;
  std::string text(const char* key, const std::string& fallback) const;
  std::int64_t number(const char* key, std::int64_t fallback) const;
  /// Whether "model_input_names" has the types; nullopt where the files do not say it.
  std::optional<bool> types_are_input() const;
  /// "model_max_length", or "max_len"; 0 where neither is there or it is the very large number that stands for none.
  std::size_t model_max_length() const;
  const std::string& where() const noexcept { return where_; }

 private:
  /// A list that is read where it counts: what stands in it is no error otherwise.
  struct Listed {
    nlohmann::json value;
    std::string where;
  };

  /// The contents of the named and further special tokens: an added token of added_tokens.json among them is special.
  std::set<std::string, std::less<>> special_texts() const;
  void read_added_tokens(const TokenizerFiles& files, const TokenizerJsonParts* file);
  void read_special_tokens_map(const TokenizerFiles& files);
  /// The tokens of other names that tokenizer_config.json has as texts or in an object.
  KeyedTokens read_extra(std::string_view text);

  std::string where_;
  nlohmann::json values_;
  nlohmann::json model_config_;
  std::string_view tokenizer_json_;
  std::map<std::int64_t, TokenValue> added_;
  std::map<std::string, TokenValue, std::less<>> added_by_content_;
  std::map<std::string, TokenValue, std::less<>> from_map_;  ///< special_tokens_map.json's named tokens
  KeyedTokens model_specific_;
  std::optional<std::vector<TokenValue>> own_extra_;
  std::set<std::string, std::less<>> extra_texts_;  ///< of the same, those that have a text before they are tokens
  std::optional<Listed> additional_;
};

}  // namespace bertrt::tokenizer
