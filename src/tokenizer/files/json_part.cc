#include "tokenizer/files/json_part.h"

#include <algorithm>
#include <utility>

#include "bertrt/error.h"
#include "text/utf8.h"
#include "tokenizer/token_id.h"

namespace bertrt::tokenizer {
namespace {

std::string shown(const nlohmann::json& value) {
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) text.resize(60);
  return text;
}

}  // namespace

std::int32_t json_id(const nlohmann::json& value, const std::string& where) {
  const bool is_id = value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMaxTokenId : false;
  if (!is_id)
    throw Error(ErrorCode::invalid_format, where, "an id from 0 to " + std::to_string(kMaxTokenId), shown(value));
  return static_cast<std::int32_t>(value.get<std::int64_t>());
}

JsonPart::JsonPart(const nlohmann::json& value, std::string where) : value_(value), where_(std::move(where)) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_format, where_, "an object", shown(value));
}

void JsonPart::refuse(const char* key, const std::string& expected) const {
  throw Error(ErrorCode::invalid_format, where_ + "." + key, expected, has(key) ? shown(value_[key]) : "none");
}

void JsonPart::allow(std::initializer_list<const char*> keys) const {
  for (const auto& [key, member] : value_.items()) {
    const auto is_key = [&key = key](const char* known) { return key == known; };
    if (key != "type" && std::none_of(keys.begin(), keys.end(), is_key)) {
      throw Error(ErrorCode::unsupported, where_, "settings that are known", "\"" + key + "\": " + shown(member));
    }
  }
}

const nlohmann::json& JsonPart::at(const char* key) const {
  if (!has(key)) refuse(key, "a value");
  return value_[key];
}

bool JsonPart::flag(const char* key) const {
  if (!at(key).is_boolean()) refuse(key, "true or false");
  return at(key).get<bool>();
}

std::string JsonPart::text(const char* key) const {
  if (!at(key).is_string()) refuse(key, "a text");
  return at(key).get<std::string>();
}

char32_t JsonPart::character(const char* key) const {
  const std::string value = text(key);
  const text::Decoded c = value.empty() ? text::Decoded{0, 0} : text::decode_utf8(value, 0);
  if (c.length == 0 || c.length != value.size()) refuse(key, "one character");
  return c.code_point;
}

std::int32_t JsonPart::id(const char* key) const { return json_id(at(key), where_ + "." + key); }

std::size_t JsonPart::count(const char* key) const {
  if (!at(key).is_number_unsigned()) refuse(key, "a number that is not negative");
  return at(key).get<std::size_t>();
}

}  // namespace bertrt::tokenizer
