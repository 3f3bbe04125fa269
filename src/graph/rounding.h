#pragma once

#include <string_view>

#include "graph/program.h"

namespace bertrt::graph {

/// The operator that stands in front of a quantized layer: what is left of a tensor whose values were rounded to 8-bit
/// integers. Not libtorch's: quantized::linear_dynamic does it inside.
inline constexpr std::string_view kRoundToIntegers = "bertrt::round_to_integers";

/// Whether a program rounds values to integers while it runs. Two runs of it that add in another order can differ by
/// far more than their sums do: where a value stands between two integers, the last bit decides.
bool rounds(const Program& program);

/// The same program without it, for comparisons of everything else.
Program without_rounding(Program program);

}  // namespace bertrt::graph
