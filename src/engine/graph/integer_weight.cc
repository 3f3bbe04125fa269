#include "engine/graph/integer_weight.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/rounding.h"

namespace bertrt::engine::graph {

using bertrt::graph::ElementType;

bool IntegerWeight::regular() const {
  return integers.type() == ElementType::int8 && integers.rank() == 2 && integers.contiguous() &&
         scales.type() == ElementType::float32 && zero_points.type() == ElementType::float32 && scales.rank() == 1 &&
         scales.contiguous() && zero_points.contiguous() && zero_points.sizes() == scales.sizes() &&
         (scales.size(0) == 1 || scales.size(0) == integers.size(0));
}

bool IntegerWeight::centred() const {
  const float* zero = zero_points.data<float>();
  return std::all_of(zero, zero + zero_points.elements(), [](float each) { return each == 0; });
}

std::unique_ptr<const kernels::Linear> IntegerWeight::pack(std::span<const float> bias) const {
  const auto width = static_cast<std::size_t>(integers.size(1));
  const auto rows = [&](std::size_t first, std::size_t count, std::vector<std::int8_t>&, float* to) {
    for (std::size_t row = 0; row < count; ++row) to[row] = scales.data<float>()[by(first + row)];
    return integers.data<std::int8_t>() + first * width;
  };
  return kernels::Linear::pack(rows, bias, static_cast<std::size_t>(integers.size(0)), width, nullptr);
}

std::unique_ptr<const kernels::Linear> IntegerWeight::pack_numbers(std::span<const float> bias) const {
  const auto width = static_cast<std::size_t>(integers.size(1));
  const auto rows = [&](std::size_t first, std::size_t count, std::vector<float>& room) {
    room.resize(count * width);
    for (std::size_t i = 0; i < room.size(); ++i) {
      const std::size_t scheme = by(first + i / width);
      const auto integer = static_cast<float>(integers.data<std::int8_t>()[first * width + i]);
      room[i] = (integer - zero_points.data<float>()[scheme]) * scales.data<float>()[scheme];
    }
    return static_cast<const float*>(room.data());
  };
  return kernels::Linear::pack(rows, bias, static_cast<std::size_t>(integers.size(0)), width, DType::fp32, nullptr);
}

std::optional<kernels::InputGrid> grid_of(std::span<const float> values, bool reduce_range) {
  constexpr std::size_t kAtOnce = 16;  // side by side, so that compilers make vectors of them
  // 0 is in every range.
  std::array<float, kAtOnce> low{};
  std::array<float, kAtOnce> high{};
  std::array<float, kAtOnce> odd{};  // 0, or NaN
  const auto look = [&](float value, std::size_t k) {
    low[k] = value < low[k] ? value : low[k];
    high[k] = value > high[k] ? value : high[k];
    odd[k] += value * 0.0F;
  };
  std::size_t i = 0;
  for (; i + kAtOnce <= values.size(); i += kAtOnce) {
    for (std::size_t k = 0; k < kAtOnce; ++k) look(values[i + k], k);
  }
  for (; i < values.size(); ++i) look(values[i], 0);
  if (std::any_of(odd.begin(), odd.end(), [](float each) { return each != 0; })) return std::nullopt;
  const bertrt::graph::IntegerRange range = bertrt::graph::integer_range(
      *std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end()), reduce_range);
  return kernels::InputGrid{range.scale, static_cast<std::int32_t>(range.zero_point)};
}

}  // namespace bertrt::engine::graph
