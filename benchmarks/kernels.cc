// What an encoder's layers are made of, alone: their matrix products in every dtype, and attention, at a model's shape.
//
//   kernels_benchmark [--hidden 768] [--layers 12] [--lengths 8,16,32,128,512] [--attention 512,2048,8192] [--threads
//   N]
//
// The dtypes take turns; of each the least time of all layers' products counts, with made-up weights that come from
// memory as a model's do (12 layers are 340 MB in fp32). Attention is of one head of 64, the mean of some heads.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/isa/calibration.h"
#include "kernels/linear.h"
#include "kernels/linear_scratch.h"
#include "kernels/ops/narrow_attention.h"
#include "kernels/thread_pool.h"

namespace {

using namespace bertrt;

struct Settings {
  std::size_t hidden = 768;
  std::size_t layers = 12;
  std::size_t threads = 1;
  std::vector<std::size_t> lengths = {8, 16, 32, 128, 512};
  std::vector<std::size_t> attention = {512, 2048, 8192};
};

struct Layer {
  std::unique_ptr<const kernels::Linear> qkv, attention_out, ffn_in, ffn_out;
};

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// The least times of several things that take turns.
template <std::size_t kCount>
std::array<double, kCount> least(const std::array<std::function<void()>, kCount>& contestants, double seconds) {
  std::array<double, kCount> times;
  times.fill(1e12);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (int turn = 0; turn < 3 || std::chrono::steady_clock::now() < end; ++turn) {
    for (std::size_t i = 0; i < kCount; ++i) times[i] = std::min(times[i], milliseconds(contestants[i]));
  }
  return times;
}

std::vector<float> random_values(std::size_t count) {
  static std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = i < 65537 ? normal(random) : values[i % 65537];
  return values;
}

std::vector<Layer> make_layers(const Settings& settings, DType dtype) {
  const std::size_t hidden = settings.hidden;
  const std::vector<float> weight = random_values(4 * hidden * hidden);
  const std::vector<float> bias = random_values(4 * hidden);
  const auto pack = [&](std::size_t out, std::size_t in) {
    return kernels::Linear::pack({weight.data(), out * in}, {bias.data(), out}, out, in, dtype);
  };
  std::vector<Layer> layers;
  while (layers.size() < settings.layers) {
    layers.push_back(
        {pack(3 * hidden, hidden), pack(hidden, hidden), pack(4 * hidden, hidden), pack(hidden, 4 * hidden)});
  }
  return layers;
}

void measure_products(const Settings& settings) {
  const std::size_t hidden = settings.hidden;
  const std::array<std::vector<Layer>, 3> models = {
      make_layers(settings, DType::fp32), make_layers(settings, DType::bf16), make_layers(settings, DType::int8)};
  kernels::ThreadPool pool(settings.threads);
  kernels::Scratch scratch;
  for (const std::size_t tokens : settings.lengths) {
    const std::vector<float> x = random_values(tokens * hidden);
    std::vector<float> wide(tokens * 4 * hidden);
    std::vector<float> y(tokens * hidden);
    const auto pass = [&](const std::vector<Layer>& layers) {
      return [&] {
        for (const Layer& layer : layers) {
          layer.qkv->run(x.data(), tokens, wide.data(), {}, pool, scratch);
          layer.attention_out->run(x.data(), tokens, y.data(), {}, pool, scratch);
          layer.ffn_in->run(x.data(), tokens, wide.data(), {.activation = kernels::Activation::gelu_erf}, pool,
                            scratch);
          layer.ffn_out->run(wide.data(), tokens, y.data(), {}, pool, scratch);
        }
      };
    };
    const auto times = least<3>({pass(models[0]), pass(models[1]), pass(models[2])}, 2);
    const double work = 24.0 * static_cast<double>(tokens * settings.layers * hidden * hidden) / 1e6;
    std::printf("%5zu tokens: fp32 %8.2f ms (%.0f GFLOP/s)  bf16 %8.2f ms (%.2fx)  int8 %8.2f ms (%.2fx)\n", tokens,
                times[0], work / times[0], times[1], times[0] / times[1], times[2], times[0] / times[2]);
  }
}

void measure_attention(std::size_t length) {
  constexpr std::size_t kHeadSize = 64;
  const std::size_t heads = length > 4096 ? 1 : 3;
  const std::size_t hidden = heads * kHeadSize;
  const std::vector<float> qkv = random_values(length * 3 * hidden);
  std::vector<float> out(length * hidden);
  const kernels::ops::AttentionKernel wide = kernels::ops::attention_kernel(DType::fp32);
  const kernels::ops::AttentionKernel narrow = kernels::ops::attention_kernel(DType::bf16);
  const std::size_t scratch_size = wide.scratch_size(length, kHeadSize) * sizeof(float);
  const std::size_t narrow_size = narrow.scratch_size(length, kHeadSize) * sizeof(float);
  kernels::AlignedBuffer scratch(std::max(scratch_size, narrow_size));
  kernels::ops::AttentionTask task;
  task.stride = 3 * hidden;
  task.length = task.row_end = length;
  task.head_size = kHeadSize;
  task.scale = 0.125F;
  task.out_stride = hidden;
  const auto run = [&](const kernels::ops::AttentionKernel& kernel) {
    for (std::size_t head = 0; head < heads; ++head) {
      task.query = qkv.data() + head * kHeadSize;
      task.key = task.query + hidden;
      task.value = task.key + hidden;
      task.out = out.data() + head * kHeadSize;
      kernel.run(task, reinterpret_cast<float*>(scratch.data()));
    }
  };
  const auto times = least<2>({[&] { run(wide); }, [&] { run(narrow); }}, 2);
  const auto n = static_cast<double>(length);
  const double work = 4 * n * n * kHeadSize * static_cast<double>(heads) / 1e6;
  const auto each = static_cast<double>(heads);
  std::printf(
      "%5zu tokens: attention of a head, fp32 %.3f ms (%.0f GFLOP/s), scratch %zu KB; in bf16 and int8 sessions "
      "%.3f ms (%.2fx), %zu KB\n",
      length, times[0] / each, work / times[0], scratch_size / 1024, times[1] / each, times[0] / times[1],
      narrow_size / 1024);
}

std::vector<std::size_t> parse_numbers(const std::string& text) {
  std::vector<std::size_t> numbers;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t used = 0;
    numbers.push_back(std::stoul(text.substr(at), &used));
    at += used + 1;
  }
  return numbers;
}

int usage() {
  std::fprintf(stderr,
               "usage: kernels_benchmark [--hidden N] [--layers N] [--lengths L,…] [--attention L,…] [--threads N]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
      const std::string name = argv[i];
      const std::vector<std::size_t> numbers = parse_numbers(argv[i + 1]);
      if (name == "--lengths") {
        settings.lengths = numbers;
      } else if (name == "--attention") {
        settings.attention = numbers;
      } else if (numbers.size() == 1 && (name == "--hidden" || name == "--layers" || name == "--threads")) {
        (name == "--hidden" ? settings.hidden : name == "--layers" ? settings.layers : settings.threads) = numbers[0];
      } else {
        return usage();
      }
    }
    if (argc % 2 == 0) return usage();
    std::printf("%s; %zu threads\n", kernels::isa::calibration_report().c_str(), settings.threads);
    if (!settings.lengths.empty()) measure_products(settings);
    for (const std::size_t length : settings.attention) measure_attention(length);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
