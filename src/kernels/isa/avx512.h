#pragma once

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

/// Puts the extension's inner loops in. Call only where the processor has it.
void use_vnni(TileKernels& int8);
void use_bf16(TileKernels& bf16);

}  // namespace bertrt::kernels::isa
