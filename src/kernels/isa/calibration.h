#pragma once

#include <span>
#include <string>

#include "kernels/isa/kernels.h"

namespace bertrt::kernels::isa {

/// Which inner loops are in use, and where it was measured, at how many GFLOP/s of one core beside the others that
/// the machine could run; one line, for inspect.
std::string calibration_report();

/// Chooses `kernels`' inner loops for each dtype among `candidates` (the widest last): the widest, unless a narrower
/// one is clearly faster on this machine, as where wide registers slow the clock. Takes some milliseconds; tells what
/// it saw in `report`. int8 results do not depend on the choice; fp32 and bf16 results do, by rounding.
void calibrate(std::span<const Kernels> candidates, Kernels& kernels, std::string& report);

}  // namespace bertrt::kernels::isa
