#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace bertrt::base {

/// The one of `values` that to_string() gives this name; nothing for another name. What parse<Enum>() of an enum is.
template <typename Enum>
std::optional<Enum> find_by_name(std::initializer_list<Enum> values, std::string_view name) noexcept {
  for (const Enum value : values) {
    if (to_string(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace bertrt::base
