#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "graph/operators/common.h"
#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"
#include "graph/rounding.h"

namespace bertrt::graph {
namespace {

// To the nearest whole number, halves to the even one; |x| < 2^22.
float rounded(float x) {
  constexpr float kWhole = 12582912;  // 1.5 * 2^23: floats of this size are whole numbers
  return (x + kWhole) - kWhole;
}

/// What is left of a tensor whose values were turned into unsigned 8-bit integers (7 bits of them: reduce_range) over
/// the range of all its values together.
void round_to_integers(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.type() != ElementType::float32) c.fail("a float32 tensor", std::string(archive::to_string(a.type())));
  IntegerRange range;
  float inverse = 0;
  if (a.known() && a.elements() != 0) {
    const auto extreme = [&](std::string_view name) {
      return *made_by(c, name, {Value(a), Value::list(Sizes{}), Value(false)}).data<float>();
    };
    const float low = extreme("aten::amin");
    const float high = extreme("aten::amax");
    if (!std::isfinite(low) || !std::isfinite(high)) c.fail("finite numbers to quantize", "others");
    range = integer_range(low, high, c.flag(1));
    inverse = 1 / range.scale;
  }
  c.give(floating_unary(c, a, [=](auto x) {
    // One rounding of the product and the sum, as the kernels of libtorch have it.
    const auto place = static_cast<float>(static_cast<double>(x) * inverse + range.zero_point);
    return (std::clamp(rounded(place), 0.0F, 255.0F) - range.zero_point) * range.scale;
  }));
}

/// What the integers of a weight stand for: each row by its scale and zero point, or all by one.
Tensor numbers_of(Call& c, const Tensor& integers, const Tensor& scales, const Tensor& zero_points) {
  if (integers.type() != ElementType::int8 || integers.rank() != 2) {
    c.fail("int8 of two axes", std::string(archive::to_string(integers.type())) + " " + to_string(integers.sizes()));
  }
  const std::int64_t rows = integers.size(0);
  if (scales.type() != ElementType::float32 || zero_points.type() != ElementType::float32 || scales.rank() != 1 ||
      zero_points.sizes() != scales.sizes() || (scales.size(0) != 1 && scales.size(0) != rows)) {
    c.fail("a scale and a zero point, or one of each row", to_string(scales.sizes()));
  }
  const Tensor numbers = c.make(ElementType::float32, integers.sizes());
  if (!all_known(numbers, integers, scales, zero_points)) return numbers;
  const std::int64_t step = scales.size(0) == 1 ? 0 : 1;
  auto* to = numbers.mutable_data<float>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const float scale = scales.data<float>()[row * step * scales.stride(0)];
    const float zero_point = zero_points.data<float>()[row * step * zero_points.stride(0)];
    const std::int8_t* from = integers.data<std::int8_t>() + row * integers.stride(0);
    for (std::int64_t i = 0; i < integers.size(1); ++i) {
      *to++ = (static_cast<float>(from[i * integers.stride(1)]) - zero_point) * scale;
    }
  }
  return numbers;
}

/// A linear layer, which takes of its input what is left of it as integers.
void linear_of_integers(Call& c) {
  const Tensor weight = numbers_of(c, c.tensor(1), c.tensor(2), c.tensor(3));
  Tensor x = c.tensor(0);
  if (c.flag(6)) x = made_by(c, kRoundToIntegers, {Value(x), c.argument(5)});
  c.give(made_by(c, "aten::linear", {Value(x), Value(weight), c.argument(4)}));
}

}  // namespace

void add_quantization(Table& t) {
  t.add(kRoundToIntegers, {{"round_to_integers(Tensor self, bool reduce_range=False) -> Tensor", round_to_integers}});
  t.add(kLinearOfIntegers,
        {{"linear_of_integers(Tensor input, Tensor weight, Tensor scales, Tensor zero_points, Tensor? bias=None, bool "
          "reduce_range=False, bool rounds=True) -> Tensor",
          linear_of_integers}});
}

}  // namespace bertrt::graph
