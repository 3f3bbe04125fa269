#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/config_keys.h"

namespace bertrt::family {

inline constexpr std::size_t kMaxConfigSize = std::size_t{1} << 31U;  ///< of any one size
inline constexpr std::size_t kMaxLayers = 4096;  ///< ALBERT's cost no weights, so nothing else bounds them
/// Values of a head that turns: frequencies are made before any weight is looked at.
inline constexpr std::size_t kLargestHead = std::size_t{1} << 16U;

/// Takes keys out of a config.json, and knows at the end which were never asked for. What it refuses is an Error
/// unsupported. Both arguments must outlive it.
class ConfigKeys {
 public:
  using Json = nlohmann::json;

  ConfigKeys(const Json& json, const std::string& where) : json_(json), where_(where) {}

  static std::string shown(const Json& value) { return base::printable(value.dump(-1, ' ', true)); }

  /// Null where there is no such key; its value may be JSON's null.
  const Json* take(std::string_view key) {
    taken_.emplace(key);
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }

  /// The first of some names for one setting; all that are there must say the same.
  const Json* take(std::initializer_list<std::string_view> names) {
    const Json* value = nullptr;
    for (const std::string_view name : names) {
      const Json* one = take(name);
      if (one == nullptr) continue;
      if (value != nullptr && *value != *one) refuse(name, "the same under both of its names: " + shown(*value), *one);
      value = one;
    }
    return value;
  }

  std::size_t size(std::initializer_list<std::string_view> names, std::size_t otherwise, std::size_t least = 1) {
    const Json* value = take(names);
    if (value == nullptr) return otherwise;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() < least ||
        value->get<std::uint64_t>() > kMaxConfigSize) {
      refuse(*names.begin(), "a whole number from " + std::to_string(least) + " on", *value);
    }
    return value->get<std::size_t>();
  }

  /// A number that may be negative, for none.
  std::size_t size_or_none(std::string_view key) {
    const Json* value = take(key);
    if (value != nullptr && value->is_number_integer() && *value < 1) return 0;
    return value == nullptr ? 0 : size({key}, 0, 1);
  }

  std::string text(std::initializer_list<std::string_view> names, std::string_view otherwise) {
    const Json* value = take(names);
    if (value == nullptr) return std::string(otherwise);
    if (!value->is_string()) refuse(*names.begin(), "a text", *value);
    return value->get<std::string>();
  }

  /// A number from 0 on, below `limit`.
  double number(std::string_view key, double otherwise, double limit) {
    const Json* value = take(key);
    if (value == nullptr) return otherwise;
    const double number = value->is_number() ? value->get<double>() : -1;
    if (!(number >= 0) || !(number < limit)) refuse(key, "a number from 0 on, below " + shown(limit), *value);
    return number;
  }

  bool flag(std::string_view key, bool otherwise) {
    const Json* value = take(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) refuse(key, "true or false", *value);
    return value->get<bool>();
  }

  /// A setting with one value that is computed here; where it is left out, it has that value. Null is as good as false.
  void must_be(std::string_view key, const Json& wanted, const char* why) {
    const Json* value = take(key);
    if (value == nullptr || *value == wanted || (value->is_null() && wanted == false)) return;
    refuse(key, shown(wanted) + " (" + why + ")", *value);
  }

  /// A setting that must not be there, or be empty.
  void must_be_empty(std::string_view key, const char* why) {
    const Json* value = take(key);
    if (value != nullptr && !value->is_null() && !value->empty())
      refuse(key, std::string("none (") + why + ")", *value);
  }

  void refuse_the_rest() const {
    for (const auto& [key, value] : json_.items()) {
      if (taken_.contains(key) || value.is_null() || changes_nothing(key)) continue;
      throw Error(ErrorCode::unsupported, where_ + ": " + base::printable(key),
                  "a setting that is known for this family, or known to change nothing that it computes",
                  "one that is not: " + shown(value));
    }
  }

  [[noreturn]] void refuse(std::string_view key, std::string expected, const Json& found) const {
    throw Error(ErrorCode::unsupported, where_ + ": " + std::string(key), std::move(expected), shown(found));
  }

 private:
  const Json& json_;
  const std::string& where_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace bertrt::family
