#pragma once

#include "engine/packed/kernels/kernels.h"

namespace bertrt::engine::packed::kernels {

// Ask these only where AVX-512 itself is known to be usable (the operating system saves its registers).
bool cpu_has_vnni();
bool cpu_has_bf16();

/// Puts the extension's inner loops in. Call only where the processor has it.
void use_vnni(TileKernels& int8);
void use_bf16(TileKernels& bf16);

}  // namespace bertrt::engine::packed::kernels
