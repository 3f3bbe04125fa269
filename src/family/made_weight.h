#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// Gives a weight values that no file has: a row-major float32 tensor. Nothing of where the file's weight lies, or how
/// its rows are scaled, is true of it.
/// @param how   what was done to the stored one; its key gets it, so that the two are told apart
/// @param made  holds the values; its elements stay where they are
void give_values(Weight& weight, std::vector<float> values, std::vector<std::int64_t> shape, std::string_view how,
                 std::deque<std::vector<float>>& made);

}  // namespace bertrt::family
