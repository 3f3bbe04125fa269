#pragma once

#include <string>

#include "bertrt/options.h"

namespace bertrt::engine::packed {

/// Everything that packed results depend on beside the model: the library's version, the dtype, the kernels that were
/// chosen for this machine. One line, the same in every process of a machine.
std::string identity(DType dtype);

}  // namespace bertrt::engine::packed
