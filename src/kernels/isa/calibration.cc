#include "kernels/isa/calibration.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/linear_scratch.h"

namespace bertrt::kernels::isa {
namespace {

// By so much a narrower loop has to win: more than noise makes up, so that one machine always chooses alike.
constexpr double kClearly = 1.25;

// Rate of a loop's largest tile on a panel that fits into the first-level cache: fused multiply-adds count twice.
double rate(const TileKernels& kernels, std::size_t numbers_a_group) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kGroups = 32;
  constexpr int kCalls = 20;
  constexpr auto kBudget = std::chrono::microseconds(800);
  AlignedBuffer input(kGroups * kernels.input_group_bytes() * kMaxTileRows);
  AlignedBuffer panel(kGroups * kGroupBytes * kPanel);
  AlignedBuffer sums(kMaxTileRows * kPanel * sizeof(float));
  std::memset(input.data(), 0, input.size());
  std::memset(panel.data(), 0, panel.size());
  double least = 1e9;
  const InUse in_use(kernels);
  const auto end = Clock::now() + kBudget;
  do {
    const auto start = Clock::now();
    for (int i = 0; i < kCalls; ++i) {
      kernels.resident[kernels.max_rows](input.data(), panel.data(), kGroups, sums.data(), false, {panel.data(), 0});
    }
    least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < end);
  return 2.0 * kCalls * static_cast<double>(kGroups * numbers_a_group * kernels.max_rows * kPanel) / least / 1e9;
}

struct Candidate {
  std::string name;
  const TileKernels* kernels;
  double rate;
};

void choose(std::span<const Kernels> all, TileKernels Kernels::*dtype, std::size_t numbers_a_group, TileKernels& chosen,
            std::string& report) {
  std::vector<Candidate> candidates;
  for (const Kernels& kernels : all) {
    const TileKernels& tiles = kernels.*dtype;
    if (!candidates.empty() && candidates.back().kernels->resident[1] == tiles.resident[1]) continue;
    candidates.push_back({std::string(kernels.target) + " " + tiles.name, &tiles, 0});
  }
  if (candidates.size() > 1) {
    for (Candidate& candidate : candidates) candidate.rate = rate(*candidate.kernels, numbers_a_group);
  }
  const Candidate* best = &candidates.back();
  for (const Candidate& candidate : candidates) {
    if (candidate.rate > best->rate * (best == &candidates.back() ? kClearly : 1.0)) best = &candidate;
  }
  chosen = *best->kernels;
  report += best->name;
  if (candidates.size() == 1) return;
  const auto number = [](double value) { return std::to_string(static_cast<int>(value + 0.5)); };
  report.append(" ").append(number(best->rate)).append(" GFLOP/s a core (");
  const char* separator = "";
  for (const Candidate& candidate : candidates) {
    if (&candidate == best) continue;
    report.append(separator).append(candidate.name).append(" ").append(number(candidate.rate));
    separator = ", ";
  }
  report.append(")");
}

}  // namespace

void calibrate(std::span<const Kernels> candidates, Kernels& kernels, std::string& report) {
  report = "fp32: ";
  choose(candidates, &Kernels::fp32, 4, kernels.fp32, report);
  report += "; bf16: ";
  choose(candidates, &Kernels::bf16, 8, kernels.bf16, report);
  report += "; int8: ";
  choose(candidates, &Kernels::int8, 16, kernels.int8, report);
}

}  // namespace bertrt::kernels::isa
