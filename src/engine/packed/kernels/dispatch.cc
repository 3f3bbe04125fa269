#include <cstdlib>
#include <string_view>

#include "engine/packed/kernels/avx512.h"
#include "engine/packed/kernels/kernels.h"
#include "engine/packed/kernels/portable.h"
#include "hwy/highway.h"

namespace bertrt::engine::packed::kernels {
namespace {

struct Level {
  std::string_view name;
  std::int64_t targets;  // Highway's that are allowed
  bool vnni;
  bool bf16;
};

// Highway numbers its targets from the best down, so a mask of the bits from one upwards holds it and all lesser ones.
constexpr std::int64_t from(std::int64_t target) { return ~(target - 1); }

constexpr Level kLevels[] = {
    {"scalar", HWY_SCALAR, false, false},
#if HWY_ARCH_X86
    {"ssse3", from(HWY_SSSE3), false, false},    {"sse4", from(HWY_SSE4), false, false},
    {"avx2", from(HWY_AVX2), false, false},      {"avx512", from(HWY_AVX3), false, false},
    {"avx512vnni", from(HWY_AVX3), true, false}, {"avx512bf16", from(HWY_AVX3), true, true},
#endif
};

Kernels make(const Level& level) {
  const std::int64_t supported = hwy::SupportedTargets();
  Kernels kernels = portable(supported & level.targets);
#if HWY_ARCH_X86
  if ((supported & level.targets & HWY_AVX3) != 0) {
    if (level.vnni && cpu_has_vnni()) use_vnni(kernels.int8);
    if (level.bf16 && cpu_has_bf16()) use_bf16(kernels.bf16);
  }
#endif
  return kernels;
}

Kernels make_best() {
  constexpr Level kAll{"", ~std::int64_t{0}, true, true};
  if (const char* limit = std::getenv("BERTRT_MAX_ISA")) {
    for (const Level& level : kLevels) {
      if (level.name == limit) return make(level);
    }
  }
  return make(kAll);
}

}  // namespace

const Kernels& best() {
  static const Kernels kernels = make_best();
  return kernels;
}

std::vector<Kernels> all() {
  std::vector<Kernels> every;
  for (const Level& level : kLevels) {
    Kernels kernels = make(level);
    const bool known = !every.empty() && std::string_view(every.back().target) == kernels.target &&
                       std::string_view(every.back().int8.name) == kernels.int8.name &&
                       std::string_view(every.back().bf16.name) == kernels.bf16.name;
    if (!known) every.push_back(kernels);
  }
  return every;
}

}  // namespace bertrt::engine::packed::kernels
