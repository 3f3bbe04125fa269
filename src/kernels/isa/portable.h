#pragma once

#include <cstdint>

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

/// The kernels of the best instruction set among `targets` (Highway's bits), one of which must be compiled in.
Kernels portable(std::int64_t targets);

/// Highway's targets that were compiled in, and the one among them that every processor of this build has.
std::int64_t compiled_targets();
std::int64_t plainest_target();

}  // namespace bertrt::kernels::isa
