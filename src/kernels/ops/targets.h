// Included before Highway by every file of kernels here.
//
// What is left out: the targets whose vector length is known at run time only (these kernels keep vectors in arrays,
// which they do not allow; such machines run the fixed-length twin), and those above AVX-512's base, which newer
// versions of Highway have: they would bring nothing (isa/avx512.cc has the instructions that matter), and their bits
// are the ones below AVX3's. On other processors than x86-64 there are no such bits.
#pragma once

#define HWY_DISABLED_TARGETS ((HWY_AVX3 - 1) | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
