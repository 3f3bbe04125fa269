#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// Internal to the layer: the JSON library must not reach a header that another layer includes.
namespace bertrt::tokenizer {

/// An object of a file, read strictly: what is missing, of another type or unknown is an Error that names it.
class JsonPart {
 public:
  /// `value` must outlive this. @throws Error invalid_format where it is no object
  JsonPart(const nlohmann::json& value, std::string where);

  const std::string& where() const noexcept { return where_; }
  const nlohmann::json& json() const noexcept { return value_; }
  bool has(const char* key) const { return value_.contains(key); }
  /// There and not null.
  bool is_set(const char* key) const { return has(key) && !value_[key].is_null(); }

  /// The member "type". @throws Error invalid_format
  std::string type() const { return text("type"); }
  /// @throws Error unsupported that names a key beside `keys` and "type"
  void allow(std::initializer_list<const char*> keys) const;

  /// Required members. @throws Error invalid_format
  const nlohmann::json& at(const char* key) const;
  bool flag(const char* key) const;
  std::string text(const char* key) const;
  char32_t character(const char* key) const;
  std::int32_t id(const char* key) const;
  std::size_t count(const char* key) const;
  JsonPart part(const char* key) const { return {at(key), where_ + "." + key}; }
  /// Each element of an array.
  template <typename Visit>
  void each(const char* key, Visit visit) const {
    const nlohmann::json& list = at(key);
    if (!list.is_array()) refuse(key, "an array");
    std::size_t index = 0;
    for (const nlohmann::json& one : list) visit(one, where_ + "." + key + "[" + std::to_string(index++) + "]");
  }

  /// Members that may be missing.
  bool flag(const char* key, bool fallback) const { return has(key) ? flag(key) : fallback; }

  [[noreturn]] void refuse(const char* key, const std::string& expected) const;

 private:
  const nlohmann::json& value_;
  std::string where_;
};

/// A number that is a token's id. @throws Error invalid_format
std::int32_t json_id(const nlohmann::json& value, const std::string& where);

}  // namespace bertrt::tokenizer
