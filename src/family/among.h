#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>

namespace bertrt::family {

/// Whether `name` is one of `names`: a list in braces, or an array.
template <typename Names = std::initializer_list<std::string_view>>
bool among(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace bertrt::family
