#pragma once

#include <cstddef>

#include "engine/packed/slice.h"

namespace bertrt::engine::packed {

/// Sets the rows of tokens whose attention_mask is 0 to zeros.
/// @param rows  [tokens, width], `stride` values apart
void zero_masked(const Slice& slice, float* rows, std::size_t stride, std::size_t width);

}  // namespace bertrt::engine::packed
