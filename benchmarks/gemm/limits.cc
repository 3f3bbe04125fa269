#include "limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace bertrt::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

#if defined(__x86_64__) && defined(__GNUC__)

constexpr int kRounds = 400000;

// So many sums in flight hide the latency of any machine's instruction.
#define BERTRT_SIXTEEN(instruction) \
  ".irp sum,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n" instruction " %%zmm30, %%zmm31, %%zmm\\sum\n.endr\n"
#define BERTRT_TWELVE(instruction) \
  ".irp sum,0,1,2,3,4,5,6,7,8,9,10,11\n" instruction " %%ymm14, %%ymm15, %%ymm\\sum\n.endr\n"
#define BERTRT_CLOBBERS                                                                                               \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
      "xmm14", "xmm15"

template <typename Loop>
double best_rate(double operations, const Loop& loop) {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    for (int round = 0; round < kRounds / 20; ++round) loop();
    best = std::max(best, operations * (kRounds / 20) / seconds_since(start) / 1e9);
  }
  return best;
}

void clear_zmm() {
  asm volatile("vpxorq %%zmm30, %%zmm30, %%zmm30\nvpxorq %%zmm31, %%zmm31, %%zmm31\nvzeroall" ::: "memory");
}

#endif

}  // namespace

Peaks measure_peaks() {
  Peaks peaks;
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) {
    clear_zmm();
    peaks.fp32 = best_rate(16 * 32, [] { asm volatile(BERTRT_SIXTEEN("vfmadd231ps")::: BERTRT_CLOBBERS); });
    if (__builtin_cpu_supports("avx512bf16")) {
      peaks.bf16 = best_rate(16 * 64, [] { asm volatile(BERTRT_SIXTEEN("vdpbf16ps")::: BERTRT_CLOBBERS); });
    }
    if (__builtin_cpu_supports("avx512vnni")) {
      peaks.int8 = best_rate(16 * 128, [] { asm volatile(BERTRT_SIXTEEN("vpdpbusd")::: BERTRT_CLOBBERS); });
    }
  } else if (__builtin_cpu_supports("fma")) {
    asm volatile("vzeroall" ::: BERTRT_CLOBBERS);
    peaks.fp32 = best_rate(12 * 16, [] { asm volatile(BERTRT_TWELVE("vfmadd231ps")::: BERTRT_CLOBBERS); });
  }
#endif
  return peaks;
}

double measure_bandwidth(std::size_t threads) {
  constexpr std::size_t kWords = (std::size_t{256} << 20) / sizeof(std::uint64_t);
  const std::vector<std::uint64_t> memory(kWords, 1);
  double best = 0;
  std::atomic<std::uint64_t> sink = 0;
  for (int round = 0; round < 4; ++round) {
    const auto start = Clock::now();
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < threads; ++t) {
      readers.emplace_back([&, t] {
        std::uint64_t sums[8] = {};
        const std::size_t last = kWords * (t + 1) / threads / 8 * 8;
        for (std::size_t i = kWords * t / threads / 8 * 8; i < last; i += 8) {
#if defined(__GNUC__)
          __builtin_prefetch(memory.data() + i + 512);
#endif
          for (std::size_t j = 0; j < 8; ++j) sums[j] += memory[i + j];
        }
        for (const std::uint64_t sum : sums) sink += sum;
      });
    }
    for (std::thread& reader : readers) reader.join();
    best = std::max(best, kWords * sizeof(std::uint64_t) / seconds_since(start) / 1e9);
  }
  return best;
}

}  // namespace bertrt::benchmarks
