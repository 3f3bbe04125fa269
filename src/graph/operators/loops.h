#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "bertrt/error.h"
#include "graph/tensor.h"

namespace bertrt::graph {

/// Calls f.operator()<T>() with the C++ type of an element; booleans are std::uint8_t.
template <typename F>
decltype(auto) with_type(ElementType type, F&& f) {
  switch (type) {
    case ElementType::float32: return f.template operator()<float>();
    case ElementType::float64: return f.template operator()<double>();
    case ElementType::int64: return f.template operator()<std::int64_t>();
    case ElementType::int32: return f.template operator()<std::int32_t>();
    case ElementType::int16: return f.template operator()<std::int16_t>();
    case ElementType::int8: return f.template operator()<std::int8_t>();
    case ElementType::uint8:
    case ElementType::boolean: return f.template operator()<std::uint8_t>();
    default: break;
  }
  throw Error(ErrorCode::unsupported, "tensor", "float32, float64, integers or bool",
              std::string(archive::to_string(type)));
}

/// A number as another type, defined for all of them: what has no integer (NaN, too large) becomes the smallest one, as
/// x86's conversion does.
template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Wide = std::conditional_t<std::is_same_v<To, std::int64_t>, std::int64_t, std::int32_t>;
    constexpr auto kLimit = static_cast<From>(std::uint64_t{1} << (sizeof(Wide) * 8 - 1));
    if (!(value >= -kLimit && value < kLimit)) return static_cast<To>(std::numeric_limits<Wide>::min());
    return static_cast<To>(static_cast<Wide>(value));
  } else {
    return static_cast<To>(value);
  }
}

/// Goes through N strided operands of one shape row by row: body(n, at, step) with the offsets of a row's first
/// elements and the distance of the next. Axes that lie one behind the other in all operands are joined.
template <std::size_t N, typename Body>
void walk(const Sizes& sizes, const std::array<const Sizes*, N>& strides, Body&& body) {
  Sizes size;
  std::array<Sizes, N> step;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 0) return;
    if (sizes[axis] == 1) continue;
    bool joined = !size.empty();
    for (std::size_t i = 0; i < N && joined; ++i) joined = step[i].back() == (*strides[i])[axis] * sizes[axis];
    if (joined) {
      size.back() *= sizes[axis];
      for (std::size_t i = 0; i < N; ++i) step[i].back() = (*strides[i])[axis];
    } else {
      size.push_back(sizes[axis]);
      for (std::size_t i = 0; i < N; ++i) step[i].push_back((*strides[i])[axis]);
    }
  }
  std::array<std::int64_t, N> at{};
  std::array<std::int64_t, N> inner{};
  if (size.empty()) {
    body(std::int64_t{1}, at, inner);
    return;
  }
  for (std::size_t i = 0; i < N; ++i) inner[i] = step[i].back();
  const std::int64_t row = size.back();
  Sizes index(size.size() - 1, 0);
  for (;;) {
    body(row, at, inner);
    std::size_t axis = index.size();
    for (;;) {
      if (axis == 0) return;
      --axis;
      for (std::size_t i = 0; i < N; ++i) at[i] += step[i][axis];
      if (++index[axis] < size[axis]) break;
      for (std::size_t i = 0; i < N; ++i) at[i] -= step[i][axis] * size[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace bertrt::graph
