#pragma once

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

/// Whether the processor multiplies matrices of bytes and of bf16 (AMX) and the system lets this process do it, which
/// the first call asks for: Linux hands the registers out only then.
bool amx_is_ours();

/// Puts AMX's inner loops in. Call only where they are ours.
void use_amx(TileKernels& int8, TileKernels& bf16);

}  // namespace bertrt::kernels::isa
