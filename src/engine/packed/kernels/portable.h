#pragma once

#include <cstdint>

#include "engine/packed/kernels/kernels.h"

namespace bertrt::engine::packed::kernels {

/// The kernels of the best instruction set among `targets` (Highway's bits) that were compiled in.
Kernels portable(std::int64_t targets);

}  // namespace bertrt::engine::packed::kernels
