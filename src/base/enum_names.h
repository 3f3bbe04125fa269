#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "bertrt/error.h"

namespace bertrt::base {

/// The one of `values` that to_string() gives this name; nothing for another name. What parse<Enum>() of an enum is.
template <typename Enum>
std::optional<Enum> find_by_name(std::initializer_list<Enum> values, std::string_view name) noexcept {
  for (const Enum value : values) {
    if (to_string(value) == name) return value;
  }
  return std::nullopt;
}

/// An option's value must be one that its enum names; the first of them is 0.
/// @throws Error invalid_argument
template <typename Enum>
void check_named(const char* option, Enum value) {
  constexpr std::string_view kNone = "unknown";
  if (to_string(value) != kNone) return;
  std::string names;
  for (int i = 0; to_string(static_cast<Enum>(i)) != kNone; ++i) {
    names.append(i == 0 ? "" : ", ").append(to_string(static_cast<Enum>(i)));
  }
  throw Error(ErrorCode::invalid_argument, option, "one of " + names,
              "the value " + std::to_string(static_cast<std::underlying_type_t<Enum>>(value)));
}

}  // namespace bertrt::base
