#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench_inputs.h"
#include "bertrt/session.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "progress.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct BenchCommand {
  explicit BenchCommand(CLI::App& command) {
    add_model_options(command, model, true);
    command.add_option("--ids", ids,
                       "Texts as token ids, a {\"input_ids\":[...]} a line; default: a typical mix of 96");
    command.add_option("--batch-size", batch_size, "Texts in a batch")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_flag("--sort", sort, "Sort the texts by length before they are cut into batches");
    command.add_option("--lengths", lengths, "Lengths to time one text alone at, e.g. 8,16,32")
        ->delimiter(',')
        ->check(CLI::PositiveNumber);
    command.add_option("--passes", passes, "Passes after the first; the best counts")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_flag("--json", json, "One JSON object");
  }

  void run() const;

  ModelOptions model;
  std::string ids;
  std::size_t batch_size = 32;
  bool sort = false;
  std::vector<std::size_t> lengths;
  std::size_t passes = 3;
  bool json = false;
};

struct Latency {
  double median = 0;
  double min = 0;
};

struct Result {
  std::string engine;
  double tokens_per_second = 0;
  double tokens_per_second_first_pass = 0;
  std::map<std::size_t, Latency> latency_ms;
  double load_ms = 0;
  double peak_rss_mb = 0;
};

/// The last hidden states and nothing beside them, or else all else of a file that gives no hidden states.
RunRequest request_for(const SessionInfo& info) {
  const bool hidden = info.find_output(OutputRole::hidden_state) != nullptr;
  return {.hidden_states = hidden, .pooled_output = false, .logits = !hidden, .more = !hidden, .logit_tokens = {}};
}

void measure_throughput(const BertSession& session, const RunRequest& request, std::vector<Encoding> texts,
                        const BenchCommand& command, Result& result) {
  if (command.sort) {
    std::stable_sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  }
  double tokens = 0;
  for (const Encoding& text : texts) tokens += static_cast<double>(text.size());
  const auto all = batches(texts, command.batch_size);
  Progress progress("throughput", all.size() * (command.passes + 1));
  std::uint64_t done = 0;
  for (std::size_t pass = 0; pass <= command.passes; ++pass) {
    const auto start = Clock::now();
    for (const auto& batch : all) {
      static_cast<void>(session.run(batch, request));
      progress.update(++done);
    }
    const double rate = tokens * 1e3 / milliseconds_since(start);
    if (pass == 0) {
      result.tokens_per_second_first_pass = rate;
    } else {
      result.tokens_per_second = std::max(result.tokens_per_second, rate);
    }
  }
}

Latency measure_latency(const BertSession& session, const RunRequest& request, const Encoding& text) {
  for (int i = 0; i < 2; ++i) static_cast<void>(session.run(text, request));
  std::vector<double> times;
  const auto begin = Clock::now();
  while (times.size() < 3 || (milliseconds_since(begin) < 600 && times.size() < 50)) {
    const auto start = Clock::now();
    static_cast<void>(session.run(text, request));
    times.push_back(milliseconds_since(start));
  }
  std::sort(times.begin(), times.end());
  const std::size_t middle = times.size() / 2;
  return {times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2, times.front()};
}

void write_json(const Result& result, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("engine").value(result.engine);
  writer.key("tokens_per_second").value(result.tokens_per_second);
  writer.key("tokens_per_second_first_pass").value(result.tokens_per_second_first_pass);
  writer.key("latency_ms").begin_object();
  for (const auto& [length, latency] : result.latency_ms) {
    writer.key(std::to_string(length)).begin_object().key("median").value(latency.median);
    writer.key("min").value(latency.min).end_object();
  }
  writer.end_object().key("load_ms").value(result.load_ms).key("peak_rss_mb").value(result.peak_rss_mb).end_object();
  out += '\n';
}

void write_readable(const Result& result, std::string& out) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "%s\n  tokens/s      %.0f (first pass %.0f)\n  load          %.0f ms\n  peak memory   %.0f MB\n",
                bold("engine " + result.engine).c_str(), result.tokens_per_second, result.tokens_per_second_first_pass,
                result.load_ms, result.peak_rss_mb);
  out += text.data();
  for (const auto& [length, latency] : result.latency_ms) {
    std::snprintf(text.data(), text.size(), "  %5zu tokens  %.1f ms (median %.1f)\n", length, latency.min,
                  latency.median);
    out += text.data();
  }
}

void BenchCommand::run() const {
  Result result;
  const auto start = Clock::now();
  const BertSession session = load_session(model);
  result.load_ms = milliseconds_since(start);
  const SessionInfo& info = session.info();
  result.engine = to_string(info.engine);
  const RunRequest request = request_for(info);

  measure_throughput(session, request, ids.empty() ? typical_mix(info.max_length, info.vocab_size) : read_ids(ids),
                     *this, result);
  std::vector<std::size_t> wanted = lengths;
  if (wanted.empty() && ids.empty()) wanted = {8, 16, 32, 128};
  Progress progress("latency", wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool by_default = lengths.empty();
    if (by_default && info.max_length != 0 && wanted[i] > info.max_length) continue;
    result.latency_ms[wanted[i]] = measure_latency(session, request, one_text(wanted[i], info.vocab_size));
    progress.update(i + 1);
  }
  result.peak_rss_mb = peak_resident_megabytes();
  std::string out;
  json ? write_json(result, out) : write_readable(result, out);
  write_stdout(out);
}

}  // namespace

void add_bench(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Speed and memory of a model on this machine");
  const auto state = std::make_shared<BenchCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
