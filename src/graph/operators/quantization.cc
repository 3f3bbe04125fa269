#include <algorithm>
#include <cmath>
#include <string_view>

#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"
#include "graph/rounding.h"

namespace bertrt::graph {
namespace {

/// Which number an 8-bit integer stands for: scale * (integer - zero_point).
struct Range {
  float scale = 0;
  float zero_point = 0;
};

// The range of `quantized::linear_dynamic` for values from low to high: ATen's ChooseQuantizationParams
// (ATen/native/quantized/cpu/QuantUtils.h), without the cases that dynamic layers do not ask for.
Range choose_range(float low, float high, double most) {
  constexpr double kLeastScale = 6.1e-5F;  // the smallest normal half
  const double least = std::min(low, 0.0F);
  const double largest = std::max(high, 0.0F);
  double scale = (largest - least) / most;
  if (static_cast<float>(scale) == 0 || std::isinf(1 / static_cast<float>(scale))) scale = 0.1;
  double widened = 1;  // a range of small numbers becomes as wide as the least scale asks for
  if (scale < kLeastScale) {
    widened = kLeastScale / scale;
    scale = kLeastScale;
  }
  // From that end of the range which it says more exactly.
  const double below = std::abs(least * widened / scale);
  const double above = std::abs(largest * widened / scale);
  const double zero_point = -below < most - above ? below : most - above;
  return {static_cast<float>(scale), static_cast<float>(std::nearbyint(std::clamp(zero_point, 0.0, most)))};
}

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
  const double most = c.flag(1) ? 127 : 255;
  Range range;
  float inverse = 0;
  if (a.known() && a.elements() != 0) {
    const auto extreme = [&](std::string_view name) {
      return *made_by(c, name, {Value(a), Value::list(Sizes{}), Value(false)}).data<float>();
    };
    const float low = extreme("aten::amin");
    const float high = extreme("aten::amax");
    if (!std::isfinite(low) || !std::isfinite(high)) c.fail("finite numbers to quantize", "others");
    range = choose_range(low, high, most);
    inverse = 1 / range.scale;
  }
  c.give(floating_unary(c, a, [=](auto x) {
    // One rounding of the product and the sum, as the kernels of libtorch have it.
    const auto place = static_cast<float>(static_cast<double>(x) * inverse + range.zero_point);
    return (std::clamp(rounded(place), 0.0F, 255.0F) - range.zero_point) * range.scale;
  }));
}

}  // namespace

void add_quantization(Table& t) {
  t.add(kRoundToIntegers, {{"round_to_integers(Tensor self, bool reduce_range=False) -> Tensor", round_to_integers}});
}

}  // namespace bertrt::graph
