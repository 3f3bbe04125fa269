#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "hwy/highway.h"
#include "kernels/isa/avx512.h"
#include "kernels/isa/calibration.h"
#include "kernels/isa/kernels.h"
#include "kernels/isa/portable.h"

namespace bertrt::kernels::isa {
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

struct Choice {
  Kernels kernels;
  std::string report;
};

Choice choose() {
  constexpr Level kAll{"", ~std::int64_t{0}, true, true};
  Choice choice;
  if (const char* limit = std::getenv("BERTRT_MAX_ISA")) {
    for (const Level& level : kLevels) {
      if (level.name != limit) continue;
      choice.kernels = make(level);
      calibrate({&choice.kernels, 1}, choice.kernels, choice.report);
      choice.report += "; limited by BERTRT_MAX_ISA";
      return choice;
    }
  }
  choice.kernels = make(kAll);
  // Only registers of 256 bits and more are ever worth weighing against each other.
  std::vector<Kernels> candidates;
#if HWY_ARCH_X86
  for (const Level& level : kLevels) {
    constexpr std::int64_t kWide = HWY_AVX2 | HWY_AVX3;
    if ((level.targets & hwy::SupportedTargets() & kWide) != 0) candidates.push_back(make(level));
  }
#endif
  if (candidates.empty()) candidates.push_back(choice.kernels);
  calibrate(candidates, choice.kernels, choice.report);
  return choice;
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

const Kernels& best() { return chosen().kernels; }

std::string calibration_report() { return chosen().report; }

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

}  // namespace bertrt::kernels::isa
