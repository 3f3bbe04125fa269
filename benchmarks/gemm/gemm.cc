// Matrix products at an encoder's shapes: ours and libtorch's operators in turns of some calls, with the
// weights coming from memory as a model's layers do, and the machine's own limits from the same run.
//
//   gemm_benchmark [--dtype fp32|bf16|int8] [--rows 8,16,32,128,512] [--hidden 768] [--seconds 0.3] [--threads N]
//
// Prints for each shape the median rate in GFLOP/s, ours also as a share of the peak of all threads and as the rate at
// which its weights came in. The table's last column is the best of libtorch's over ours (below 1: ours is ahead).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bertrt/runtime.h"
#include "kernels/isa/calibration.h"
#include "kernels/linear.h"
#include "limits.h"
#include "torch_operators.h"

namespace {

using namespace bertrt;
using namespace bertrt::benchmarks;

struct Settings {
  std::vector<DType> dtypes = {DType::fp32, DType::bf16, DType::int8};
  std::vector<std::size_t> rows = {8, 16, 32, 128, 512};
  std::size_t hidden = 768;
  double seconds = 0.3;  // for each shape, all contestants together
};

const char* name_of(DType dtype) { return dtype == DType::fp32 ? "fp32" : dtype == DType::bf16 ? "bf16" : "int8"; }

std::vector<float> random_values(std::size_t count) {
  static std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> block(std::min<std::size_t>(count, 1 << 16));
  for (float& value : block) value = normal(random);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = block[i % block.size()];
  return values;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void measure(const Settings& settings, DType dtype, std::size_t rows, std::size_t in, std::size_t out, double peak) {
  using Clock = std::chrono::steady_clock;
  constexpr int kCallsInTurn = 20;
  constexpr std::size_t kWorkingSet = std::size_t{128} << 20;  // larger than the caches
  const auto weight = random_values(out * in);
  const auto bias = random_values(out);
  const auto x = random_values(rows * in);
  std::vector<float> y(rows * out);
  std::vector<std::unique_ptr<const kernels::Linear>> layers;
  const std::size_t each = kernels::Linear::pack(weight, bias, out, in, dtype)->memory_bytes();
  const std::size_t copies = std::max<std::size_t>(1, kWorkingSet / each);
  while (layers.size() < copies) layers.push_back(kernels::Linear::pack(weight, bias, out, in, dtype));

  kernels::Scratch scratch;
  std::size_t next = 0;
  std::vector<TorchOperator> contestants = {
      {"ours",
       [&] { layers[next++ % copies]->run(x.data(), rows, y.data(), {}, kernels::ThreadPool::shared(), scratch); }}};
  for (auto& theirs : torch_operators(dtype, weight, bias, x, rows, out, in, copies)) contestants.push_back(theirs);

  std::vector<std::vector<double>> times(contestants.size());
  const auto end = Clock::now() + std::chrono::duration<double>(settings.seconds);
  while (times[0].empty() || Clock::now() < end) {
    for (std::size_t c = 0; c < contestants.size(); ++c) {
      // Each thread pool spins for a while after its work, on the cores of whoever comes next.
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      contestants[c].run();
      for (int call = 0; call < kCallsInTurn; ++call) {
        const auto start = Clock::now();
        contestants[c].run();
        times[c].push_back(std::chrono::duration<double>(Clock::now() - start).count());
      }
    }
  }
  const double flops = 2.0 * double(rows) * double(in) * double(out) / 1e9;
  const double ours = median(times[0]);
  std::printf("| %s | %zu x %zu x %zu | **%.0f** | %.0f %% | %.1f |", name_of(dtype), rows, in, out, flops / ours,
              peak > 0 ? 100 * flops / ours / peak : 0.0, double(each) / ours / 1e9);
  double best = 0;
  for (std::size_t c = 1; c < contestants.size(); ++c) {
    const double rate = flops / median(times[c]);
    best = std::max(best, rate);
    std::printf(" %s %.0f%s", contestants[c].name.c_str(), rate, c + 1 < contestants.size() ? "," : "");
  }
  std::printf(" | %.2f |\n", best / (flops / ours));
  std::fflush(stdout);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--dtype") {
      settings.dtypes = {value == "bf16" ? DType::bf16 : value == "int8" ? DType::int8 : DType::fp32};
    } else if (option == "--rows") {
      settings.rows.clear();
      std::istringstream list(value);
      for (std::string item; std::getline(list, item, ',');) settings.rows.push_back(std::stoul(item));
    } else if (option == "--hidden") {
      settings.hidden = std::stoul(value);
    } else if (option == "--seconds") {
      settings.seconds = std::stod(value);
    } else if (option == "--threads") {
      set_num_threads(std::stoul(value));
    } else {
      std::fprintf(stderr, "unknown option %s\n", option.c_str());
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const std::size_t threads = num_threads();
  set_torch_threads(threads);
  const Peaks peaks = measure_peaks();
  std::printf("One core's peak: fp32 %.0f, bf16 %.0f GFLOP/s, int8 %.0f Gop/s; memory %.1f GB/s with %zu threads\n",
              peaks.fp32, peaks.bf16, peaks.int8, measure_bandwidth(threads), threads);
  std::printf("Kernels: %s\n\n", kernels::isa::calibration_report().c_str());
  std::printf(
      "| dtype | rows x in x out | ours, GFLOP/s | of the peak | weights, GB/s | libtorch, GFLOP/s | best / ours |\n");
  std::printf("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const DType dtype : settings.dtypes) {
    const double peak = dtype == DType::fp32 ? peaks.fp32 : dtype == DType::bf16 ? peaks.bf16 : peaks.int8;
    for (const std::size_t rows : settings.rows) {
      const std::size_t h = settings.hidden;
      for (const auto& [in, out] : {std::pair{h, h}, std::pair{h, 3 * h}, std::pair{h, 4 * h}, std::pair{4 * h, h}}) {
        measure(settings, dtype, rows, in, out, peak * double(threads));
      }
    }
  }
}
