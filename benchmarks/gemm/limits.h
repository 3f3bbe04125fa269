#pragma once

#include <cstddef>

namespace bertrt::benchmarks {

/// What one core can do, from loops that touch registers alone; 0 where there is no such loop for the machine.
struct Peaks {
  double fp32 = 0;  ///< GFLOP/s of fused multiply-adds in the widest registers
  double bf16 = 0;  ///< of bf16 dot products, as GFLOP/s
  double int8 = 0;  ///< of byte dot products, as Gop/s
};
Peaks measure_peaks();

/// GB/s of `threads` threads together that read memory much larger than the caches.
double measure_bandwidth(std::size_t threads);

}  // namespace bertrt::benchmarks
