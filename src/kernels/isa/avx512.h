#pragma once

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

// Ask these only where AVX-512 itself is known to be usable (the operating system saves its registers).
bool cpu_has_vnni();
bool cpu_has_bf16();

/// Puts the extension's inner loops in. Call only where the processor has it.
void use_vnni(TileKernels& int8);
void use_bf16(TileKernels& bf16);

}  // namespace bertrt::kernels::isa
