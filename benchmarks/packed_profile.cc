// Where a forward pass of the packed engine spends its time: the whole pass, and its parts alone at the same shapes.
//
//   packed_profile MODEL.pt [--dtype fp32|bf16|int8] [--threads N] [--slice TOKENS] [--share-slice TOKENS]
//                  [--lengths 8,32,128,512]
//
// Prints for each length at batch 1, and for batches of 32 texts of log-normal length (mean 22, at most 81): the
// median and the smallest time of a pass, real tokens a second, and the shares of matrix products, attention and
// layer norms; what is left over is embeddings, heads, output memory and waiting.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/runtime.h"
#include "engine/packed/attention_layer.h"
#include "engine/packed/encoder.h"
#include "engine/packed/make_engine.h"
#include "engine/packed/row_pitch.h"
#include "model/model_file.h"

namespace {

using namespace bertrt;
using namespace bertrt::engine::packed;

struct Settings {
  std::string model;
  DType dtype = DType::fp32;
  PackedTuning tuning;
  std::vector<std::size_t> lengths = {8, 16, 32, 128, 384, 512};
};

struct Times {
  double median = 0;
  double least = 0;
};

Times measure(const std::function<void()>& work, double seconds = 1.0) {
  using Clock = std::chrono::steady_clock;
  work();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (times.size() < 3 || Clock::now() < end) {
    const auto start = Clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front()};
}

batch::Batch make_batch(const std::vector<std::size_t>& lengths, std::mt19937& random) {
  std::vector<Encoding> texts(lengths.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    for (std::size_t j = 0; j < lengths[i]; ++j)
      texts[i].input_ids.push_back(static_cast<int>(1000 + random() % 20000));
  }
  return batch::make_batch(texts, {});
}

std::vector<std::size_t> mixed_lengths(std::size_t count, std::mt19937& random) {
  std::lognormal_distribution<double> draw(2.93, 0.57);
  std::vector<std::size_t> lengths;
  while (lengths.size() < count) {
    lengths.push_back(std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(draw(random))), 3, 81));
  }
  return lengths;
}

// The parts of a pass alone, on memory of the same size.
class Parts {
 public:
  explicit Parts(const EncoderWeights& weights) : weights_(weights) {}

  void print(const batch::Batch& batch, double pass) {
    const std::size_t tokens = batch.total_tokens();
    const std::size_t hidden = weights_.hidden;
    const std::size_t inner = weights_.layers[0].ffn_in->out();
    const std::size_t stride = row_pitch(hidden);
    const std::size_t inner_stride = row_pitch(inner);
    std::vector<float> narrow(tokens * stride, 0.5F);
    std::vector<float> other(tokens * stride, 0.5F);
    std::vector<float> qkv(tokens * row_pitch(3 * hidden), 0.5F);
    std::vector<float> wide(tokens * inner_stride, 0.5F);
    kernels::ThreadPool& pool = kernels::ThreadPool::shared();
    const auto each_layer = [&](const std::function<void(const LayerWeights&)>& part) {
      return [&, part] {
        for (const LayerWeights& layer : weights_.layers) part(layer);
      };
    };
    const double products =
        measure(each_layer([&](const LayerWeights& layer) {
          layer.qkv->run(narrow.data(), tokens, qkv.data(), {.x_stride = stride, .y_stride = row_pitch(3 * hidden)},
                         pool, scratch_);
          layer.attention_out->run(narrow.data(), tokens, other.data(), {.x_stride = stride, .y_stride = stride}, pool,
                                   scratch_);
          layer.ffn_in->run(narrow.data(), tokens, wide.data(),
                            {.activation = layer.activation, .x_stride = stride, .y_stride = inner_stride}, pool,
                            scratch_);
          layer.ffn_out->run(wide.data(), tokens, other.data(), {.x_stride = inner_stride, .y_stride = stride}, pool,
                             scratch_);
        })).median;
    std::vector<std::size_t> texts(batch.size());
    std::iota(texts.begin(), texts.end(), std::size_t{0});
    const Slice slice{batch, texts, *batch.row_offsets};
    const double attention = measure(each_layer([&](const LayerWeights& layer) {
                               attend(slice, qkv.data(),
                                      {.width = hidden,
                                       .heads = weights_.heads,
                                       .scale = layer.scale,
                                       .takes_mask = weights_.takes_mask,
                                       .window = layer.window,
                                       .bias = weights_.relative_bias,
                                       .kernel = weights_.attention_kernel},
                                      pool, attention_, narrow.data());
                             })).median;
    const double norms = measure(each_layer([&](const LayerWeights& layer) {
                           if (layer.attention_norm)
                             layer.attention_norm->run(narrow.data(), other.data(), tokens, stride, pool);
                           layer.ffn_norm.run(other.data(), narrow.data(), tokens, stride, pool);
                         })).median;
    double work = 0;
    for (const LayerWeights& layer : weights_.layers) {
      for (const auto* linear : {&layer.qkv, &layer.attention_out, &layer.ffn_in, &layer.ffn_out}) {
        work += 2.0 * static_cast<double>((*linear)->in()) * static_cast<double>((*linear)->out());
      }
    }
    std::printf(
        "  products %6.2f ms (%4.1f %%, %4.0f GFLOP/s)  attention %6.2f ms (%4.1f %%)  norms %5.2f ms (%4.1f %%)  rest "
        "%5.1f %%\n",
        products, 100 * products / pass, work * static_cast<double>(tokens) / products * 1e-6, attention,
        100 * attention / pass, norms, 100 * norms / pass, 100 * (pass - products - attention - norms) / pass);
  }

 private:
  const EncoderWeights& weights_;
  kernels::Scratch scratch_;
  kernels::AlignedBuffer attention_;
};

std::vector<std::size_t> parse_lengths(const std::string& text) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t used = 0;
    lengths.push_back(std::stoul(text.substr(at), &used));
    at += used + 1;
  }
  return lengths;
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (!argument.starts_with("--")) {
      settings.model = argument;
      continue;
    }
    const std::string value = i + 1 < argc ? argv[++i] : "";
    if (argument == "--dtype") {
      settings.dtype = value == "int8" ? DType::int8 : value == "bf16" ? DType::bf16 : DType::fp32;
    } else if (argument == "--threads") {
      set_num_threads(std::stoul(value));
    } else if (argument == "--slice") {
      settings.tuning.slice_tokens = std::stoul(value);
    } else if (argument == "--share-slice") {
      settings.tuning.share_slice_tokens = std::stoul(value);
    } else if (argument == "--lengths") {
      settings.lengths = parse_lengths(value);
    }
  }
  return settings;
}

int profile(const Settings& settings) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto file = model::ModelFile::open(settings.model);
  SessionOptions options;
  options.packed.dtype = settings.dtype;
  const auto trace = read_trace(file);
  const auto engine = engine::graph::make_recognized_engine(trace, options, settings.tuning);
  for (const LoadStage& stage : engine->facts().load_stages) {
    std::printf("%s: %.0f ms\n", stage.name.c_str(), stage.milliseconds);
  }
  const auto encoder = pack_encoder(trace->reading.recognition->spec, settings.dtype, kernels::ThreadPool::shared());
  std::printf("%s, %zu threads\n", encoder->weights().layers[0].qkv->kernel().c_str(), num_threads());
  Parts parts(encoder->weights());
  RunRequest request{.pooled_output = false};
  std::mt19937 random(1);
  for (const std::size_t length : settings.lengths) {
    if (length == 0 || length > engine->facts().max_length) continue;
    const batch::Batch batch = make_batch({length}, random);
    const Times pass = measure([&] { (void)engine->run(batch, request); });
    std::printf("length %zu: %.2f ms (least %.2f), %.0f tokens/s\n", length, pass.median, pass.least,
                1e3 * static_cast<double>(length) / pass.median);
    parts.print(batch, pass.median);
  }
  std::size_t tokens = 0;
  double first = 0;
  std::vector<batch::Batch> batches;
  for (int i = 0; i < 3; ++i) {
    batches.push_back(make_batch(mixed_lengths(32, random), random));
    tokens += batches.back().total_tokens();
  }
  for (const batch::Batch& batch : batches) {
    const auto start = std::chrono::steady_clock::now();
    (void)engine->run(batch, request);
    first += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }
  const Times pass = measure(
      [&] {
        for (const batch::Batch& batch : batches) (void)engine->run(batch, request);
      },
      6);
  const double work = 1e3 * static_cast<double>(tokens);
  std::printf("96 texts of mixed length, %zu tokens, batches of 32: %.0f tokens/s (best pass %.0f, first pass %.0f)\n",
              tokens, work / pass.median, work / pass.least, work / first);
  const Times one = measure([&] { (void)engine->run(batches[0], request); });
  parts.print(batches[0], one.median);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse(argc, argv);
    if (settings.model.empty()) {
      std::fprintf(stderr,
                   "usage: packed_profile MODEL.pt [--dtype D] [--threads N] [--slice TOKENS]"
                   " [--share-slice TOKENS] [--lengths L,…]\n");
      return 2;
    }
    return profile(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
