#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/processor.h"
#include "base/simd_dispatch.h"
#include "bertrt/error.h"
#include "kernels/isa/amx.h"
#include "kernels/isa/avx512.h"
#include "kernels/isa/calibration.h"
#include "kernels/isa/kernels.h"
#include "kernels/isa/portable.h"

namespace bertrt::kernels::isa {
namespace {

struct Level {
  std::string_view name;
  std::string_view highway;  // what Highway calls it; other names of its are in kAlso
  std::int64_t targets;      // Highway's that are allowed
  bool vnni = false;
  bool bf16 = false;
  bool amx = false;
};

// Highway numbers its targets from the best down, so a mask of the bits from one upwards holds it and all lesser ones.
constexpr std::int64_t from(std::int64_t target) { return ~(target - 1); }

// The plainest first. What is compiled of them depends on the processor that everything is compiled for, and on
// Highway's version; a level of which nothing is compiled is the plainest that is.
constexpr Level kLevels[] = {
    {"scalar", "SCALAR", from(HWY_EMU128)},
#if HWY_ARCH_X86
    {"sse2", "SSE2", from(HWY_SSSE3 << 1)},
    {"ssse3", "SSSE3", from(HWY_SSSE3)},
    {"sse4", "SSE4", from(HWY_SSE4)},
    {"avx2", "AVX2", from(HWY_AVX2)},
    {"avx512", "AVX3", ~std::int64_t{0}},
    {"avx512vnni", "AVX3_DL", ~std::int64_t{0}, true},
    {"avx512bf16", "AVX3_ZEN4", ~std::int64_t{0}, true, true},
    {"amx", "AMX", ~std::int64_t{0}, true, true, true},
#elif HWY_ARCH_ARM
    {"neon", "NEON", ~std::int64_t{0}},
#endif
};

struct Alias {
  std::string_view highway;
  std::string_view name;
};
constexpr Alias kAlso[] = {{"EMU128", "scalar"}, {"AVX3_SPR", "avx512bf16"}};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

const Level& level_named(std::string_view name) {
  for (const Alias& alias : kAlso) {
    if (same_letters(alias.highway, name)) name = alias.name;
  }
  std::string known;
  for (const Level& level : kLevels) {
    if (same_letters(level.name, name) || same_letters(level.highway, name)) return level;
    known.append(known.empty() ? "" : ", ").append(level.name);
  }
  throw Error(ErrorCode::invalid_argument, "BERTRT_MAX_ISA", "one of " + known, std::string(name));
}

// Those of a level's targets that are compiled and that this processor has.
std::int64_t targets_of(const Level& level) { return base::simd_targets() & level.targets; }

Kernels make(const Level& level) {
  const std::int64_t targets = targets_of(level);
  Kernels kernels = portable(targets);
#if HWY_ARCH_X86
  if ((targets & (HWY_AVX3 | (HWY_AVX3 - 1))) != 0) {
    if (level.vnni && base::processor().avx512_vnni) use_vnni(kernels.int8);
    if (level.bf16 && base::processor().avx512_bf16) use_bf16(kernels.bf16);
    if (level.amx && amx_is_ours()) use_amx(kernels.int8, kernels.bf16);
  }
#endif
  return kernels;
}

struct Choice {
  Kernels kernels;
  std::string report;
};

Choice choose() {
  Choice choice;
  const char* limit = std::getenv("BERTRT_MAX_ISA");
  if (limit != nullptr && *limit != '\0') {
    choice.kernels = make(level_named(limit));
    calibrate({&choice.kernels, 1}, choice.kernels, choice.report);
    choice.report += "; limited by BERTRT_MAX_ISA";
    return choice;
  }
  choice.kernels = make(std::end(kLevels)[-1]);
  // Only registers of 256 bits and more are ever worth weighing against each other.
  std::vector<Kernels> candidates;
#if HWY_ARCH_X86
  for (const Level& level : kLevels) {
    constexpr std::int64_t kWide = HWY_AVX2 | (HWY_AVX2 - 1);
    if ((targets_of(level) & kWide) != 0) candidates.push_back(make(level));
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

Kernels at_most(std::string_view level) { return make(level_named(level)); }

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
