// Included before Highway by every file of vector code.
//
// What is left out: the targets whose vector length is known at run time only (these kernels keep vectors in arrays,
// which they do not allow; such machines run the fixed-length twin), and those above AVX-512's base: they would bring
// nothing (kernels/isa/avx512.cc has the instructions that matter), and their bits are the ones below AVX3's. On other
// processors than x86 there are no such bits, and what every one of them has is all that is compiled.
#pragma once

#define HWY_DISABLED_TARGETS ((HWY_AVX3 - 1) | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#if !(defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86))
#define HWY_COMPILE_ONLY_STATIC
#endif

// Its assertions would call its library, which is not linked (base/simd_dispatch.h).
#define HWY_IS_DEBUG_BUILD 0
