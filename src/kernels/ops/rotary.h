#pragma once

#include <cstddef>

namespace bertrt::kernels::ops {

/// Turns pairs of values of each head of one token: (a, b) becomes (a cos - b sin, b cos + a sin), where a is value i
/// of the head and b value i + pairs. What stands behind the pairs stays as it is.
///
/// @param x       the token's heads, one behind the other, in place
/// @param cosine  [pairs]
/// @param sine    [pairs]
/// @param pairs   at most head_size / 2
void rotate(float* x, std::size_t heads, std::size_t head_size, const float* cosine, const float* sine,
            std::size_t pairs);

}  // namespace bertrt::kernels::ops
