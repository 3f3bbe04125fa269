#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace bertrt {
inline namespace v0 {

/// The value of an enum that to_string() gives this name; nothing for a name that it has not.
///
///   if (auto dtype = bertrt::parse<bertrt::DType>("int8")) …
///
/// Defined for every enum of this library that has a to_string().
template <typename Enum>
std::optional<Enum> parse(std::string_view name) noexcept;
/// {"one", "two"} would be one name, between pointers that have nothing in common.
template <typename Enum>
std::optional<Enum> parse(std::initializer_list<std::string_view> names) = delete;

}  // namespace v0
}  // namespace bertrt
