#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/thread_pool.h"

namespace bertrt::kernels {

/// Gives the rows [first, first + count) of a weight [out, in], one behind the other: where they lie, or in `room`,
/// which it makes as large as it needs. Called on several threads at once, each with a room of its own.
using WeightSource = FunctionRef<const float*(std::size_t first, std::size_t count, std::vector<float>& room)>;

/// The same of a weight that is stored as integers, each row with a scale: `scales` takes `count`.
using IntegerSource = FunctionRef<const std::int8_t*(std::size_t first, std::size_t count,
                                                     std::vector<std::int8_t>& room, float* scales)>;

}  // namespace bertrt::kernels
