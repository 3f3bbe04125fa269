#pragma once

#include <cstdint>

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

/// The kernels of the best instruction set among `targets` (Highway's bits); the plainest ones where none is compiled.
Kernels portable(std::int64_t targets);

}  // namespace bertrt::kernels::isa
