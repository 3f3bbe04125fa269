// Several callers of one packed model, as the threads of a server are: calls a second and how long a call takes.
//
//   callers [--callers 1,2,16] [--tokens 12] [--texts 1] [--threads N] [--seconds S] [--dtype fp32|bf16|int8]
//
// The model has MiniLM's shape (6 layers, hidden 384, 12 heads) and made-up weights. Each caller runs one call after
// the other without a pause. --threads 0 (the default) is bertrt's own choice.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <exception>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "batch/batch.h"
#include "bertrt/runtime.h"
#include "engine/packed/packed_model.h"

namespace {

using namespace bertrt;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kHidden = 384;
constexpr std::int64_t kInner = 4 * kHidden;
constexpr std::int64_t kVocabulary = 2000;

struct Settings {
  std::vector<std::size_t> callers = {1, 2, 16};
  std::size_t tokens = 12;
  std::size_t texts = 1;
  double seconds = 2;
  DType dtype = DType::fp32;
};

// Weights that live as long as the maker does.
class Maker {
 public:
  family::EncoderSpec encoder() {
    family::EncoderSpec spec;
    spec.hidden = kHidden;
    spec.heads = 12;
    spec.embeddings.words = weight({kVocabulary, kHidden});
    spec.embeddings.positions = weight({512, kHidden});
    spec.embeddings.norm = norm();
    for (int i = 0; i < 6; ++i) {
      family::LayerSpec& layer = spec.layers.emplace_back();
      layer.query = dense(kHidden, kHidden);
      layer.key = dense(kHidden, kHidden);
      layer.value = dense(kHidden, kHidden);
      layer.scale = 0.17677669F;
      layer.attention_out = dense(kHidden, kHidden);
      layer.attention_norm = norm();
      layer.ffn_in = dense(kInner, kHidden);
      layer.ffn_out = dense(kHidden, kInner);
      layer.ffn_norm = norm();
    }
    return spec;
  }

 private:
  family::Weight weight(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    std::vector<std::int64_t> strides;
    for (std::size_t axis = shape.size(); axis-- > 0; count *= shape[axis]) strides.insert(strides.begin(), count);
    std::vector<float>& values = stored_.emplace_back(static_cast<std::size_t>(count));
    for (float& value : values) value = draw_(random_);
    archive::TensorView view;
    view.shape = shape;
    view.strides = strides;
    view.storage = std::as_bytes(std::span(values));
    return {"made up", view};
  }
  family::Dense dense(std::int64_t out, std::int64_t in) { return {weight({out, in}), weight({out})}; }
  family::LayerNorm norm() { return {weight({kHidden}), weight({kHidden}), 1e-12F}; }

  std::mt19937 random_{1};
  std::normal_distribution<float> draw_{0, 0.05F};
  std::deque<std::vector<float>> stored_;
};

void measure(const engine::packed::PackedModel& model, const batch::Batch& batch, std::size_t callers, double seconds) {
  std::vector<std::vector<double>> times(callers);
  std::atomic<bool> go = false;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] {
      while (!go) std::this_thread::yield();
      while (!stop) {
        const auto start = Clock::now();
        static_cast<void>(model.run(batch, {.states = {model.layers()}}));
        times[i].push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      }
    });
  }
  const auto start = Clock::now();
  go = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  std::printf("%2zu callers: %7.0f calls/s, p50 %7.2f ms, p99 %7.2f ms\n", callers,
              static_cast<double>(all.size()) / took, all[all.size() / 2], all[all.size() * 99 / 100]);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--callers") {
      settings.callers.clear();
      for (std::size_t at = 0, used = 0; at < value.size(); at += used + 1) {
        settings.callers.push_back(std::stoul(value.substr(at), &used));
      }
    }
    if (name == "--tokens") settings.tokens = std::stoul(value);
    if (name == "--texts") settings.texts = std::stoul(value);
    if (name == "--threads") set_num_threads(std::stoul(value));
    if (name == "--seconds") settings.seconds = std::stod(value);
    if (name == "--dtype") settings.dtype = value == "int8" ? DType::int8 : value == "bf16" ? DType::bf16 : DType::fp32;
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse(argc, argv);
    Maker maker;
    const auto model = engine::packed::PackedModel::pack(maker.encoder(), {}, settings.dtype);
    Encoding text;
    for (std::size_t i = 0; i < settings.tokens; ++i)
      text.input_ids.push_back(static_cast<std::int32_t>(i * 37 % 1999));
    const batch::Batch batch = batch::make_batch(std::vector<Encoding>(settings.texts, text), {});
    for (const std::size_t callers : settings.callers) {
      if (callers != 0) measure(*model, batch, callers, settings.seconds);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
