#pragma once

#include "graph/call.h"

namespace bertrt::graph {

// Element by element with ATen's promotion, for operators that are made of them.

enum class Rounding : std::uint8_t { none, trunc, floor };

Tensor sum_of(Call& call, const Tensor& a, const Tensor& b, const Value& alpha);
Tensor difference_of(Call& call, const Tensor& a, const Tensor& b, const Value& alpha);
Tensor product_of(Call& call, const Tensor& a, const Tensor& b);
Tensor quotient_of(Call& call, const Tensor& a, const Tensor& b, Rounding rounding);

}  // namespace bertrt::graph
