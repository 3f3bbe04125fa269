#pragma once

namespace bertrt::base {

/// What an x86 processor can do, as far as anything here asks; nothing on others. A feature counts when the operating
/// system saves its registers too.
struct Processor {
  bool ssse3 = false;
  bool sse41 = false;
  bool sse42 = false;
  bool clmul = false;  ///< carry-less products
  bool aes = false;
  bool sha = false;
  bool avx2 = false;    ///< with FMA, F16C, LZCNT, BMI 1 and 2, as on every processor that has it
  bool avx512 = false;  ///< F, VL, DQ, BW and CD
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool amx = false;  ///< TILE, INT8 and BF16, with AVX-512 and VNNI; Linux gives them to whom asks (kernels/isa/amx.h)
};

/// Of the machine that this runs on; asked once.
const Processor& processor() noexcept;

}  // namespace bertrt::base
