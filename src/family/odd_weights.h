#pragma once

#include <string>
#include <vector>

#include "archive/tensor.h"

namespace bertrt::family {

/// What a finding says of a stored tensor of reals (fp16, bf16, fp32 or fp64) that holds a NaN or, without one, an
/// infinity: every answer may become one. Empty: all are finite, or it holds other things.
/// @param name  the tensor's, for the finding
/// @throws Error io, where the tensor was left in its file
std::string odd_weights(const std::string& name, const archive::TensorView& tensor);

}  // namespace bertrt::family
