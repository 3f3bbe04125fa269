#include "tokenizer/hub/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "bertrt/error.h"
#include "tokenizer/files/json_part.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> kNamed = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                    "pad_token", "cls_token", "mask_token"};

constexpr const char* kExtra = "extra_special_tokens";
constexpr const char* kAdditional = "additional_special_tokens";  // as it was called before

json read_object(const TokenizerFiles& files, std::string_view name) {
  const auto bytes = files.find(name);
  if (!bytes) return json::object();
  if (bytes->starts_with("\xEF\xBB\xBF"))
    throw Error(ErrorCode::invalid_format, files.where(name), "JSON", "a byte order mark");
  json value = base::parse_json(*bytes, files.where(name));
  if (!value.is_object()) throw Error(ErrorCode::invalid_format, files.where(name), "a JSON object", value.type_name());
  return value;
}

bool is_named(std::string_view key) { return std::find(kNamed.begin(), kNamed.end(), key) != kNamed.end(); }

/// AddedToken(**value).
TokenValue added_token(const json& value, const std::string& where) {
  const JsonPart part(value, where);
  part.allow({"__type", "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  TokenValue token;
  token.is_text = false;
  token.content = part.text("content");
  token.single_word = part.flag("single_word", false);
  token.lstrip = part.flag("lstrip", false);
  token.rstrip = part.flag("rstrip", false);
  token.special = part.flag("special", false);
  if (part.is_set("normalized")) token.normalized = part.flag("normalized");
  return token;
}

bool says_added_token(const json& value) {
  return value.is_object() && value.contains("__type") && value["__type"] == "AddedToken";
}

/// A text, or an object that says of itself that it is an AddedToken.
TokenValue token_value(const json& value, const std::string& where) {
  if (value.is_string()) return TokenValue::text(value.get<std::string>());
  if (!says_added_token(value))
    throw Error(ErrorCode::invalid_format, where, "a token: a text, or an object of __type AddedToken",
                value.dump().substr(0, 60));
  return added_token(value, where);
}

std::vector<TokenValue> token_list(const json& list, const std::string& where) {
  if (!list.is_array()) throw Error(ErrorCode::invalid_format, where, "a list of tokens", list.dump().substr(0, 60));
  std::vector<TokenValue> tokens;
  for (const json& value : list) tokens.push_back(token_value(value, where));
  return tokens;
}

/// The keys of an object that `wanted` takes, in the order of the text that it was read from (see
/// base::json_keys_in_order): new tokens get their ids in this order.
template <typename Wanted>
std::vector<std::string> keys_in_order(const json& object, std::string_view text, std::string_view member,
                                       Wanted wanted) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    if (wanted(key, value)) keys.push_back(key);
  }
  if (keys.size() < 2) return keys;
  std::vector<std::string> ordered = base::json_keys_in_order(text, member);
  std::erase_if(ordered, [&](const auto& key) { return !std::binary_search(keys.begin(), keys.end(), key); });
  return ordered;
}

/// Of special_tokens_map.json, where an object need not say that it is special.
TokenValue special_token(const json& value, const std::string& where) {
  if (!value.is_object()) return token_value(value, where);
  TokenValue token = added_token(value, where);
  token.special = true;
  return token;
}

/// As in a dict of Python: what comes once more keeps its first place.
void put(const std::string& key, TokenValue token, std::vector<std::pair<std::string, TokenValue>>& tokens) {
  const auto known = std::find_if(tokens.begin(), tokens.end(), [&](const auto& one) { return one.first == key; });
  if (known != tokens.end()) {
    known->second = std::move(token);
  } else {
    tokens.emplace_back(key, std::move(token));
  }
}

std::int64_t id_of(const std::string& text, const std::string& where) {
  std::int64_t id = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), id);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || id < 0) {
    throw Error(ErrorCode::invalid_format, where, "ids", "\"" + text + "\"");
  }
  return id;
}

}  // namespace

Settings::Settings(const TokenizerFiles& files, const TokenizerJsonParts* file)
    : where_(files.where("tokenizer_config.json")),
      values_(read_object(files, "tokenizer_config.json")),
      model_config_(read_object(files, "config.json")),
      tokenizer_json_(files.find("tokenizer.json").value_or("")) {
  KeyedTokens of_config = read_extra(files.find("tokenizer_config.json").value_or(""));
  read_special_tokens_map(files);
  // transformers puts the texts of tokenizer_config.json behind all others.
  for (auto& [key, token] : of_config) put(key, std::move(token), model_specific_);
  read_added_tokens(files, file);
}

Settings::KeyedTokens Settings::read_extra(std::string_view text) {
  KeyedTokens of_config;
  const auto is_further = [](const std::string& key) { return key.ends_with("_token") && !is_named(key); };
  for (const std::string& key : keys_in_order(values_, text, {}, [&](const std::string&key, const json&value) {
         return is_further(key) && (value.is_string() || says_added_token(value));
       })) {
    const json& value = values_[key];
    put(key, token_value(value, where_ + ": " + key), value.is_string() ? of_config : model_specific_);
  }
  const bool has_old = values_.contains(kAdditional);
  const bool old_counts = has_old && (!values_.contains(kExtra) || values_[kExtra].empty());
  const char* key = old_counts ? kAdditional : kExtra;
  if (has_old && !old_counts) additional_ = Listed{values_[kAdditional], where_ + ": " + kAdditional};
  const auto add_object = [&](const char* object) {
    const auto all = [](const std::string&, const json&) { return true; };
    for (const std::string& name : keys_in_order(values_[object], text, object, all)) {
      put(name, token_value(values_[object][name], where_ + ": " + object), of_config);
    }
  };
  if (values_.contains(key)) {
    const json& value = values_[key];
    if (value.is_object()) {
      add_object(key);
    } else if (value.is_null()) {
      own_extra_.emplace();  // said, and none
    } else {
      own_extra_ = token_list(value, where_ + ": " + key);
      for (const TokenValue& token : *own_extra_) {
        if (token.is_text) extra_texts_.insert(token.content);
      }
    }
  }
  constexpr const char* kSpecific = "model_specific_special_tokens";
  if (of_config.empty() && has(kSpecific) && values_[kSpecific].is_object()) add_object(kSpecific);
  return of_config;
}

// With an added_tokens_decoder in tokenizer_config.json none of the older files is read.
void Settings::read_special_tokens_map(const TokenizerFiles& files) {
  constexpr std::string_view kFile = "special_tokens_map.json";
  if (values_.contains("added_tokens_decoder")) return;
  const std::string where = files.where(kFile);
  const json map = read_object(files, kFile);
  const auto all = [](const std::string&, const json&) { return true; };
  for (const std::string& key : keys_in_order(map, files.find(kFile).value_or(""), {}, all)) {
    const json& value = map[key];
    const std::string place = where + ": " + key;
    if (key == kAdditional) {
      additional_.reset();
      if (!value.is_null()) additional_ = Listed{value, place};
      continue;
    }
    if (key == kExtra) {
      if (!value.is_array()) throw Error(ErrorCode::unsupported, place, "a list of tokens", value.dump().substr(0, 60));
      std::vector<TokenValue>& known = own_extra_ ? *own_extra_ : own_extra_.emplace();
      for (const json& one : value) {
        TokenValue token = special_token(one, place);
        extra_texts_.insert(token.content);
        if (std::find(known.begin(), known.end(), token) == known.end()) known.push_back(std::move(token));
      }
      continue;
    }
    if (!key.ends_with("_token")) throw Error(ErrorCode::unsupported, where, "special tokens", "\"" + key + "\"");
    TokenValue token = special_token(value, place);
    if (is_named(key)) {
      from_map_.insert_or_assign(key, token);
    } else {
      put(key, std::move(token), model_specific_);
    }
  }
}

std::optional<std::vector<TokenValue>> Settings::extra() const { return own_extra_ ? own_extra_ : additional(); }

std::optional<std::vector<TokenValue>> Settings::additional() const {
  if (!additional_) return std::nullopt;
  return token_list(additional_->value, additional_->where);
}

// transformers looks before it makes tokens of tokenizer_config.json's objects, so that these have no text yet.
std::set<std::string, std::less<>> Settings::special_texts() const {
  std::set<std::string, std::less<>> texts = extra_texts_;
  for (const std::string_view key : kNamed) {
    if (const auto mapped = from_map_.find(key); mapped != from_map_.end()) {
      texts.insert(mapped->second.content);
    } else if (const auto value = values_.find(key); value != values_.end() && value->is_string()) {
      texts.insert(value->get<std::string>());
    }
  }
  return texts;
}

void Settings::read_added_tokens(const TokenizerFiles& files, const TokenizerJsonParts* file) {
  const auto add = [&](std::int64_t id, TokenValue token) {
    added_by_content_.insert_or_assign(token.content, token);
    added_.insert_or_assign(id, std::move(token));
  };
  const auto all = [](const std::string&, const json&) { return true; };
  if (values_.contains("added_tokens_decoder")) {
    const json& decoder = values_["added_tokens_decoder"];
    const std::string where = where_ + ": added_tokens_decoder";
    if (!decoder.is_object()) throw Error(ErrorCode::invalid_format, where, "an object", decoder.dump().substr(0, 60));
    const std::string_view text = files.find("tokenizer_config.json").value_or("");
    for (const std::string& id : keys_in_order(decoder, text, "added_tokens_decoder", all)) {
      add(id_of(id, where), added_token(decoder[id], where));
    }
  } else {
    const json added = read_object(files, "added_tokens.json");
    const std::string where = files.where("added_tokens.json");
    const std::set<std::string, std::less<>> known = special_texts();
    for (const std::string& content : keys_in_order(added, files.find("added_tokens.json").value_or(""), {}, all)) {
      const bool special = known.contains(content);
      TokenValue token{.content = content, .special = special, .normalized = !special, .is_text = false};
      add(json_id(added[content], where), std::move(token));
    }
  }
  if (file == nullptr) return;
  const std::string& where = file->where;
  const json& rest = file->rest;
  if (values_.contains("added_tokens_decoder")) return;
  const JsonPart document(rest, where);
  if (!document.has("added_tokens")) return;
  document.each("added_tokens", [&](const json& value, const std::string& place) {
    add(JsonPart(value, place).id("id"), added_token(value, place));
  });
}

ClassHints Settings::class_hints() const {
  const auto text_of = [](const json& owner, const char* key) {
    return owner.contains(key) && owner[key].is_string() ? owner[key].get<std::string>() : std::string();
  };
  std::string named = text_of(values_, "tokenizer_class");
  std::string named_in_config = text_of(model_config_, "tokenizer_class");
  std::string model_type = text_of(model_config_, "model_type");
  if (named.empty() && named_in_config.empty() && model_type == "encoder-decoder" &&
      model_config_.contains("encoder") && model_config_["encoder"].is_object()) {
    model_type = text_of(model_config_["encoder"], "model_type");  // the encoder's class is taken
  }
  return {.tokenizer_class = std::move(named),
          .config_class = std::move(named_in_config),
          .model_type = std::move(model_type),
          .model_name = text_of(model_config_, "model_name"),
          .has_own_code =
              has("auto_map") && (values_["auto_map"].is_array() ||
                                  (values_["auto_map"].is_object() && values_["auto_map"].contains("AutoTokenizer"))),
          .tokenizer_json = tokenizer_json_};
}

std::optional<TokenValue> Settings::named(const char* key, std::optional<TokenValue> usual) const {
  std::optional<TokenValue> found = std::move(usual);
  bool is_given = false;
  if (const auto mapped = from_map_.find(key); mapped != from_map_.end()) {
    found = mapped->second;
    is_given = true;
  } else if (values_.contains(key)) {
    is_given = true;
    found.reset();
    if (!values_[key].is_null()) found = token_value(values_[key], where_ + ": " + key);
  }
  if (!found || !is_given) return found;
  const auto added = added_by_content_.find(found->content);
  return added != added_by_content_.end() ? added->second : found;
}

bool Settings::has(const char* key) const { return values_.contains(key) && !values_[key].is_null(); }

bool Settings::flag(const char* key, bool fallback) const { return optional_flag(key).value_or(fallback); }

std::optional<bool> Settings::optional_flag(const char* key) const {
  if (!has(key)) return std::nullopt;
  return JsonPart(values_, where_).flag(key);
}

std::string Settings::text(const char* key, const std::string& fallback) const {
  return has(key) ? JsonPart(values_, where_).text(key) : fallback;
}

std::int64_t Settings::number(const char* key, std::int64_t fallback) const {
  return has(key) ? static_cast<std::int64_t>(JsonPart(values_, where_).count(key)) : fallback;
}

std::optional<bool> Settings::types_are_input() const {
  constexpr const char* kKey = "model_input_names";
  if (!has(kKey)) return std::nullopt;
  const json& names = values_[kKey];
  const bool texts =
      names.is_array() && std::all_of(names.begin(), names.end(), [](const json& name) { return name.is_string(); });
  if (!texts) {
    throw Error(ErrorCode::invalid_format, where_ + ": " + kKey, "a list of names", names.dump().substr(0, 60));
  }
  return std::find(names.begin(), names.end(), "token_type_ids") != names.end();
}

std::size_t Settings::model_max_length() const {
  const char* key = values_.contains("model_max_length") ? "model_max_length" : "max_len";
  if (!has(key)) return 0;
  const json& value = values_[key];
  constexpr double kLargest = 1e9;
  if (value.is_number() && value.get<double>() > kLargest) return 0;
  if (value.is_number_float() && value.get<double>() >= 1 && value == std::floor(value.get<double>())) {  // 512.0
    return static_cast<std::size_t>(value.get<double>());
  }
  if (!value.is_number_unsigned()) {
    throw Error(ErrorCode::invalid_format, where_ + ": " + key, "a number of tokens", value.dump().substr(0, 60));
  }
  return value.get<std::size_t>();
}

}  // namespace bertrt::tokenizer
