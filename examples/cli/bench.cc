#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bench_inputs.h"
#include "bertrt/error.h"
#include "bertrt/session.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "option_values.h"
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
    command
        .add_option("--ids", ids, "Texts as token ids, a {\"input_ids\":[...]} a line; default: a typical mix of 96")
        ->check(not_empty());
    command.add_option("--batch-size", batch_size, "Texts in a batch")
        ->transform(whole_number(1))
        ->capture_default_str();
    command.add_flag("--sort", sort, "Sort the texts by length before they are cut into batches");
    add_numbers(command, "--lengths", lengths, "Lengths to time one text alone at, e.g. 8,16,32");
    command.add_option("--passes", passes, "Passes after the first; the best counts")
        ->transform(whole_number(1, 100000))
        ->capture_default_str();
    CLI::Option* many =
        command.add_option("--callers", callers, "Threads that share the model, each with one text after the other")
            ->transform(whole_number(1, 1024));
    for (const char* alone : {"--batch-size", "--sort", "--lengths"}) many->excludes(alone);
    command.add_flag("--json", json, "One JSON object");
  }

  void run() const;

  ModelOptions model;
  std::string ids;
  std::size_t batch_size = 32;
  bool sort = false;
  std::vector<std::size_t> lengths;
  std::size_t passes = 3;
  std::size_t callers = 0;
  bool json = false;
};

struct Latency {
  double median = 0;
  double min = 0;
};

struct Callers {
  double calls_per_second = 0;
  double p50 = 0;
  double p99 = 0;
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

// Each thread takes the next text that nobody has, until all passes are done.
Callers measure_callers(const BertSession& session, const RunRequest& request, const std::vector<Encoding>& texts,
                        const BenchCommand& command) {
  for (const Encoding& text : texts) static_cast<void>(session.run(text, request));
  std::vector<double> times(texts.size() * command.passes);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failed;
  const auto fail = [&](std::exception_ptr error) {
    const std::lock_guard lock(mutex);
    failed = std::move(error);
    next = times.size();
  };
  const auto call = [&] {
    try {
      for (std::size_t i = next++; i < times.size(); i = next++) {
        const auto start = Clock::now();
        static_cast<void>(session.run(texts[i % texts.size()], request));
        times[i] = milliseconds_since(start);
      }
    } catch (...) {
      fail(std::current_exception());
    }
  };
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  try {
    for (std::size_t i = 0; i < command.callers; ++i) threads.emplace_back(call);
  } catch (const std::system_error&) {
    fail(std::make_exception_ptr(Error(ErrorCode::out_of_resources, "--callers", "threads that the system can start",
                                       std::to_string(threads.size()) + " of them and no more")));
  }
  for (std::thread& thread : threads) thread.join();
  const double took = milliseconds_since(begin);
  if (failed) std::rethrow_exception(failed);
  std::sort(times.begin(), times.end());
  return {static_cast<double>(times.size()) * 1e3 / took, times[times.size() / 2], times[times.size() * 99 / 100]};
}

void write_json(const Callers& callers, const Result& result, std::size_t count, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("engine").value(result.engine).key("callers").value(count);
  writer.key("calls_per_second").value(callers.calls_per_second);
  writer.key("latency_ms").begin_object().key("p50").value(callers.p50).key("p99").value(callers.p99).end_object();
  writer.key("load_ms").value(result.load_ms).key("peak_rss_mb").value(result.peak_rss_mb).end_object();
  out += '\n';
}

void write_readable(const Callers& callers, const Result& result, std::size_t count, std::string& out) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "%s\n  %5zu callers %.0f calls/s (p50 %.1f ms, p99 %.1f ms)\n  load          %.0f ms\n  peak memory   "
                "%.0f MB\n",
                bold("engine " + result.engine).c_str(), count, callers.calls_per_second, callers.p50, callers.p99,
                result.load_ms, result.peak_rss_mb);
  out += text.data();
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

// Before a text of that length is made.
void check_lengths(const std::vector<std::size_t>& lengths, std::size_t most) {
  for (const std::size_t length : lengths) {
    if (most != 0 && length > most) {
      throw UsageError("--lengths: expected at most " + std::to_string(most) + " tokens (the model's limit), found " +
                       std::to_string(length));
    }
  }
}

void BenchCommand::run() const {
  Result result;
  const std::vector<Encoding> given = ids.empty() ? std::vector<Encoding>() : read_ids(ids);
  const auto start = Clock::now();
  const BertSession session = load_session(model);
  result.load_ms = milliseconds_since(start);
  const SessionInfo& info = session.info();
  check_lengths(lengths, info.max_length);
  result.engine = to_string(info.engine);
  const RunRequest request = request_for(info);
  const std::vector<Encoding> texts = given.empty() ? typical_mix(info.max_length, info.vocab_size) : given;
  std::string out;
  if (callers != 0) {
    const Callers measured = measure_callers(session, request, texts, *this);
    result.peak_rss_mb = peak_resident_megabytes();
    json ? write_json(measured, result, callers, out) : write_readable(measured, result, callers, out);
    return write_stdout(out);
  }

  measure_throughput(session, request, texts, *this, result);
  std::vector<std::size_t> wanted = lengths;
  if (wanted.empty() && ids.empty()) wanted = {8, 16, 32, 128};
  Progress progress("latency", wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (info.max_length != 0 && wanted[i] > info.max_length) continue;  // of our own
    result.latency_ms[wanted[i]] = measure_latency(session, request, one_text(wanted[i], info.vocab_size));
    progress.update(i + 1);
  }
  result.peak_rss_mb = peak_resident_megabytes();
  json ? write_json(result, out) : write_readable(result, out);
  write_stdout(out);
}

}  // namespace

void add_bench(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Speed and memory of a model on this machine");
  command->footer("");  // it takes no texts
  const auto state = std::make_shared<BenchCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
