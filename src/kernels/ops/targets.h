// Included before Highway by every file of kernels here. These kernels keep vectors in arrays, which the targets whose
// vector length is known at run time only do not allow; such machines run the fixed-length twin.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
