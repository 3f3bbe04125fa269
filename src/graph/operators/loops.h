#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
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

/// An element that is moved and not looked at.
template <std::size_t bytes>
using Item = std::array<std::byte, bytes>;

/// Calls f.operator()<T>() with an Item of the element's size: for what copies.
template <typename F>
void with_item(ElementType type, F&& f) {
  switch (archive::element_size(type)) {
    case 1: return f.template operator()<Item<1>>();
    case 2: return f.template operator()<Item<2>>();
    case 4: return f.template operator()<Item<4>>();
    default: return f.template operator()<Item<8>>();
  }
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

/// Goes through strided operands of one shape row by row, with the offsets of a row's first elements and the distance
/// of the next. Axes that lie one behind the other in all operands are joined. Allocates nothing.
class Rows {
 public:
  static constexpr std::size_t kMostOperands = 4;
  using Offsets = std::array<std::int64_t, kMostOperands>;

  /// @param strides  of each operand, for the axes of `sizes`. @throws Error runtime for more axes than tensors have
  Rows(const Sizes& sizes, std::span<const Sizes* const> strides);

  bool empty() const noexcept { return empty_; }
  std::int64_t length() const noexcept { return length_; }  ///< elements in a row
  const Offsets& at() const noexcept { return at_; }
  const Offsets& step() const noexcept { return inner_; }
  bool next() noexcept;  ///< false behind the last row

 private:
  std::size_t operands_;
  std::size_t outer_ = 0;  // axes but the rows' own
  bool empty_ = false;
  std::int64_t length_ = 1;
  Offsets at_{};
  Offsets inner_{};
  // By axis; only the first outer_ are written.
  std::array<std::int64_t, Tensor::kMaxRank> size_;
  std::array<std::int64_t, Tensor::kMaxRank> index_;
  std::array<Offsets, Tensor::kMaxRank> step_;
};

/// body(n, at, step) for each of the Rows.
template <std::size_t N, typename Body>
void walk(const Sizes& sizes, const std::array<const Sizes*, N>& strides, Body&& body) {
  Rows rows(sizes, strides);
  if (rows.empty()) return;
  do {
    body(rows.length(), rows.at(), rows.step());
  } while (rows.next());
}

}  // namespace bertrt::graph
