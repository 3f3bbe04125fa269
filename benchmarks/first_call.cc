// How steady a session is from its first call on: call 1 against call 100, lengths never seen before against seen
// ones, memory over many new shapes, and mixed batches against one text at a time.
//
//   first_call MODEL.pt [torchscript|packed|auto] [threads]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "bertrt/session.h"

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Resident memory in MB, where the system tells it.
double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

bertrt::Encoding text_of(std::size_t tokens, std::mt19937& random) {
  bertrt::Encoding text;
  for (std::size_t i = 0; i < tokens; ++i) text.input_ids.push_back(static_cast<std::int32_t>(1000 + random() % 20000));
  return text;
}

double timed_run(const bertrt::BertSession& session, const bertrt::Encoding& text) {
  const auto begin = Clock::now();
  session.run(text);
  return milliseconds_since(begin);
}

void first_against_hundredth(const bertrt::BertSession& session, std::mt19937& random) {
  std::vector<double> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(timed_run(session, text_of(12, random)));
  const double last = median({calls.end() - 10, calls.end()});
  std::printf("call 1: %.2f ms, call 2: %.2f ms, calls 91-100 (median): %.2f ms, ratio of call 1: %.2f\n", calls[0],
              calls[1], last, calls[0] / last);
}

void new_against_seen(const bertrt::BertSession& session, std::mt19937& random) {
  std::vector<std::size_t> lengths(60);
  std::iota(lengths.begin(), lengths.end(), std::size_t{20});
  std::shuffle(lengths.begin(), lengths.end(), random);
  lengths.resize(24);
  std::vector<double> ratios;
  double first_sum = 0;
  double seen_sum = 0;
  for (const std::size_t length : lengths) {
    const double first = timed_run(session, text_of(length, random));
    std::vector<double> seen;
    for (int i = 0; i < 3; ++i) seen.push_back(timed_run(session, text_of(length, random)));
    ratios.push_back(first / median(seen));
    first_sum += first;
    seen_sum += median(seen);
  }
  std::printf("24 lengths never seen before: first call %.1f ms in all, again %.1f ms, ratio %.2f (worst %.2f)\n",
              first_sum, seen_sum, first_sum / seen_sum, *std::max_element(ratios.begin(), ratios.end()));
}

void memory_over_shapes(const bertrt::BertSession& session, std::mt19937& random) {
  std::printf("resident after");
  std::size_t shapes = 0;
  for (const std::size_t stop : {20U, 60U, 120U}) {
    for (; shapes < stop; ++shapes) timed_run(session, text_of(1 + shapes, random));
    std::printf(" %zu lengths: %.0f MB;", shapes, resident_mb());
  }
  std::printf("\n");
}

// Lengths as in DESIGN's table: log-normal, mean about 22 tokens, batches of 32 in the order given.
void mixed_batches(const bertrt::BertSession& session, std::mt19937& random) {
  std::lognormal_distribution<double> lengths(2.85, 0.65);
  std::vector<bertrt::Encoding> texts;
  std::size_t tokens = 0;
  for (int i = 0; i < 96; ++i) {
    const auto length = static_cast<std::size_t>(std::clamp(std::round(lengths(random)), 3.0, 81.0));
    texts.push_back(text_of(length, random));
    tokens += length;
  }
  const bertrt::RunRequest request;
  for (const std::size_t size : {std::size_t{32}, std::size_t{1}}) {
    double best = 0;
    for (int round = 0; round < 2; ++round) {
      const auto begin = Clock::now();
      for (std::size_t i = 0; i < texts.size(); i += size) session.run(std::span(texts).subspan(i, size), request);
      best = std::max(best, static_cast<double>(tokens) / milliseconds_since(begin) * 1000);
    }
    std::printf("mixed lengths, %zu a batch: %.0f tokens/s\n", size, best);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: first_call MODEL.pt [torchscript|packed|auto] [threads]\n");
    return 2;
  }
  const std::string engine = argc > 2 ? argv[2] : "torchscript";
  try {
    if (argc > 3) bertrt::set_num_threads(std::strtoul(argv[3], nullptr, 10));
    bertrt::SessionOptions options;
    options.engine = bertrt::parse<bertrt::EngineKind>(engine).value_or(bertrt::EngineKind::torchscript);
    const auto session = bertrt::BertSession::load(argv[1], options);
    for (const auto& stage : session.info().load_stages) {
      std::printf("%s: %.0f ms\n", stage.name.c_str(), stage.milliseconds);
    }
    std::mt19937 random(11);
    first_against_hundredth(session, random);
    new_against_seen(session, random);
    memory_over_shapes(session, random);
    mixed_batches(session, random);
  } catch (const bertrt::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
