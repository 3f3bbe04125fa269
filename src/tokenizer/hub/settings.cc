#include "tokenizer/hub/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "bertrt/error.h"
#include "tokenizer/files/json_part.h"
#include "tokenizer/files/model_member.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> kNamed = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                    "pad_token", "cls_token", "mask_token"};

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

/// A text, or an object that says of itself that it is an AddedToken.
TokenValue token_value(const json& value, const std::string& where) {
  if (value.is_string()) return TokenValue::text(value.get<std::string>());
  const bool says = value.is_object() && value.contains("__type") && value["__type"] == "AddedToken";
  if (!says)
    throw Error(ErrorCode::invalid_format, where, "a token: a text, or an object of __type AddedToken",
                value.dump().substr(0, 60));
  return added_token(value, where);
}

std::vector<TokenValue> token_list(const json& list, const std::string& where) {
  std::vector<TokenValue> tokens;
  for (const json& value : list) tokens.push_back(token_value(value, where));
  return tokens;
}

/// A stage or one of its sequence is ByteLevel.
bool has_byte_level(const json& stage) {
  if (!stage.is_object()) return false;
  if (stage.value("type", json()) == "ByteLevel") return true;
  for (const char* list : {"pretokenizers", "decoders"}) {
    if (!stage.contains(list) || !stage[list].is_array()) continue;
    for (const json& one : stage[list]) {
      if (has_byte_level(one)) return true;
    }
  }
  return false;
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

Settings::Settings(const TokenizerFiles& files)
    : where_(files.where("tokenizer_config.json")),
      values_(read_object(files, "tokenizer_config.json")),
      model_config_(read_object(files, "config.json")) {
  read_extra();
  read_special_tokens_map(files);
  read_added_tokens(files);
}

void Settings::read_extra() {
  for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
    if (extra_ || !values_.contains(key)) continue;
    const json& value = values_[key];
    if (value.is_null()) extra_.emplace();  // said, and none
    if (!value.is_array()) continue;
    extra_ = token_list(value, where_ + ": " + key);
  }
  own_extra_ = extra_;
  const auto add = [&](const std::string& key, const json& value) {
    model_specific_.emplace_back(key, token_value(value, where_ + ": " + key));
  };
  for (const auto& [key, value] : values_.items()) {
    if (key.ends_with("_token") && !is_named(key) && value.is_string()) add(key, value);
  }
  for (const char* key : {"extra_special_tokens", "model_specific_special_tokens"}) {
    if (!has(key) || !values_[key].is_object()) continue;
    for (const auto& [name, value] : values_[key].items()) add(name, value);
  }
}

// With an added_tokens_decoder in tokenizer_config.json none of the older files is read.
void Settings::read_special_tokens_map(const TokenizerFiles& files) {
  if (values_.contains("added_tokens_decoder")) return;
  const std::string where = files.where("special_tokens_map.json");
  const json map = read_object(files, "special_tokens_map.json");
  for (const auto& [key, value] : map.items()) {
    const std::string place = where + ": " + key;
    if (key == "additional_special_tokens" || key == "extra_special_tokens") {
      if (!value.is_array()) throw Error(ErrorCode::unsupported, place, "a list of tokens", value.dump().substr(0, 60));
      if (key == "additional_special_tokens" && extra_) continue;  // tokenizer_config.json's list counts
      std::vector<TokenValue> tokens;
      for (const json& one : value) {
        if (one.is_object() && key == "extra_special_tokens") {
          tokens.push_back(added_token(one, place));
          tokens.back().special = true;
        } else {
          tokens.push_back(token_value(one, place));
        }
      }
      if (key == "additional_special_tokens") {
        additional_ = std::move(tokens);
      } else {
        std::vector<TokenValue>& known = extra_ ? *extra_ : extra_.emplace();
        for (TokenValue& token : tokens) {
          if (std::find(known.begin(), known.end(), token) == known.end()) known.push_back(std::move(token));
        }
      }
      continue;
    }
    if (!key.ends_with("_token")) throw Error(ErrorCode::unsupported, where, "special tokens", "\"" + key + "\"");
    TokenValue token;
    if (value.is_object()) {
      token = added_token(value, place);
      token.special = true;
    } else {
      token = token_value(value, place);
    }
    if (is_named(key)) {
      from_map_.insert_or_assign(key, token);
    } else {
      model_specific_.emplace_back(key, token);
    }
  }
  // A list of the old name counts where none of the new name is there.
  if (!extra_ && additional_) extra_ = additional_;
}

void Settings::read_added_tokens(const TokenizerFiles& files) {
  const auto add = [&](std::int64_t id, TokenValue token) {
    added_by_content_.insert_or_assign(token.content, token);
    added_.insert_or_assign(id, std::move(token));
  };
  if (values_.contains("added_tokens_decoder")) {
    const json& decoder = values_["added_tokens_decoder"];
    const std::string where = where_ + ": added_tokens_decoder";
    if (!decoder.is_object()) throw Error(ErrorCode::invalid_format, where, "an object", decoder.dump().substr(0, 60));
    for (const auto& [id, value] : decoder.items()) add(id_of(id, where), added_token(value, where));
  } else {
    const json added = read_object(files, "added_tokens.json");
    const std::string where = files.where("added_tokens.json");
    for (const auto& [content, id] : added.items()) {
      const auto is_it = [&, &token = content](const TokenValue& value) { return value.content == token; };
      bool special = extra_ && std::any_of(extra_->begin(), extra_->end(), is_it);
      for (const std::string_view key : kNamed) {
        const auto value = named(std::string(key).c_str(), std::nullopt);
        special = special || (value && is_it(*value));
      }
      TokenValue token{.content = content, .special = special, .normalized = !special, .is_text = false};
      add(json_id(id, where), std::move(token));
    }
  }
  const auto bytes = files.find("tokenizer.json");
  if (!bytes) return;
  const std::string where = files.where("tokenizer.json");
  const json rest = base::parse_json(split_tokenizer_json(*bytes, where).rest, where);
  for (const char* stage : {"pre_tokenizer", "decoder"}) {
    is_byte_level_ = is_byte_level_ || (rest.contains(stage) && has_byte_level(rest[stage]));
  }
  if (values_.contains("added_tokens_decoder")) return;
  const JsonPart document(rest, where);
  if (!document.is_set("added_tokens")) return;
  document.each("added_tokens", [&](const json& value, const std::string& place) {
    add(JsonPart(value, place).id("id"), added_token(value, place));
  });
}

ClassHints Settings::class_hints() const {
  const auto text_of = [](const json& owner, const char* key) {
    return owner.contains(key) && owner[key].is_string() ? owner[key].get<std::string>() : std::string();
  };
  return {.tokenizer_class = text_of(values_, "tokenizer_class"),
          .config_class = text_of(model_config_, "tokenizer_class"),
          .model_type = text_of(model_config_, "model_type"),
          .model_name = text_of(model_config_, "model_name"),
          .has_own_code =
              has("auto_map") && (values_["auto_map"].is_array() ||
                                  (values_["auto_map"].is_object() && values_["auto_map"].contains("AutoTokenizer"))),
          .is_byte_level = is_byte_level_};
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
