#include "graph/rounding.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/operator.h"

namespace bertrt::graph {
namespace {

bool is_rounding(const Instruction& instruction) {
  return instruction.kind == Instruction::Kind::call && instruction.op->name == kLinearOfIntegers;
}

}  // namespace

// ATen's ChooseQuantizationParams (ATen/native/quantized/cpu/QuantUtils.h), without the cases that dynamic layers do
// not ask for.
IntegerRange integer_range(float low, float high, bool reduce_range) {
  constexpr double kLeastScale = 6.1e-5F;  // the smallest normal half
  const double most = reduce_range ? 127 : 255;
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

bool rounds(const Program& program) {
  return std::any_of(program.instructions.begin(), program.instructions.end(), is_rounding);
}

Program without_rounding(Program program) {
  Constant no;
  no.slot = program.slots++;
  no.value = Value(false);
  for (Instruction& instruction : program.instructions) {
    if (is_rounding(instruction)) instruction.arguments.push_back({"rounds", no.slot});
  }
  program.constants.push_back(std::move(no));
  return program;
}

}  // namespace bertrt::graph
