#pragma once

#include <cstdint>
#include <string_view>

#include "graph/program.h"

namespace bertrt::graph {

/// What is left of a tensor whose values were rounded to 8-bit integers over the range that they have.
inline constexpr std::string_view kRoundToIntegers = "bertrt::round_to_integers";
/// A quantized layer (quantized::linear_dynamic): weights that are integers, of an input that is rounded so.
inline constexpr std::string_view kLinearOfIntegers = "bertrt::linear_of_integers";

/// Which number an 8-bit integer stands for: scale * (integer - zero_point).
struct IntegerRange {
  float scale = 0;
  float zero_point = 0;
};

/// The range of quantized::linear_dynamic for values from low to high, both finite.
/// @param reduce_range  7 bits of 8 are used
IntegerRange integer_range(float low, float high, bool reduce_range);

/// Whether a program rounds values to integers while it runs. Two runs of it that add in another order can differ by
/// far more than their sums do: where a value stands between two integers, the last bit decides.
bool rounds(const Program& program);

/// The same program without it, for comparisons of everything else.
Program without_rounding(Program program);

}  // namespace bertrt::graph
