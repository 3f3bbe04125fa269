#pragma once

#include <cstdint>

#include "graph/value.h"

namespace bertrt::graph {

/// Python numbers as Value holds them: bool, int, float.

/// The single element of a known tensor. @throws Error runtime (more than one), unsupported (not known)
Value item_of(const Tensor& tensor);
/// @throws Error runtime for what is no number or, a float, no int64
std::int64_t to_integer(const Value& number);
double to_real(const Value& number);
/// How many numbers range(low, high, step) has; step is not 0.
std::uint64_t range_length(std::int64_t low, std::int64_t high, std::int64_t step);
/// A 0-d tensor that promotes as a Python number does.
Tensor wrap(const Value& number);

}  // namespace bertrt::graph
