// One contestant of run.py: encodes the lines of a file and tells how long it took.
//
//   tokenizer_bench TOKENIZER TEXT
//   tokenizer_bench TOKENIZER
//
// Without a text: loads once and prints the milliseconds that it took, and the kB of private memory (Linux) that the
// process has more than before, then and after one short text. With one: reads commands from standard input and answers
// each with one line: "ids", "encode" (without offsets) and "offsets" with the seconds of one pass over all lines on
// this thread, "threads N" with those of ids on N threads, "batch N" with those of encode_batch() with offsets on N
// threads, "dump FILE" writes the ids of each line.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bertrt/tokenizer.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// The passes return what they made, so that nothing is optimized away.
std::size_t pass_ids(const bertrt::Tokenizer& tokenizer, const std::vector<std::string>& lines, std::size_t first,
                     std::size_t step) {
  std::vector<std::int32_t> ids;
  std::size_t count = 0;
  for (std::size_t i = first; i < lines.size(); i += step) {
    ids.clear();
    tokenizer.encode_ids(lines[i], ids);
    count += ids.size();
  }
  return count;
}

std::size_t pass_encode(const bertrt::Tokenizer& tokenizer, const std::vector<std::string>& lines, bool with_offsets) {
  std::size_t count = 0;
  for (const std::string& line : lines) {
    count += tokenizer.encode(line, bertrt::EncodeOptions{.with_offsets = with_offsets}).size();
  }
  return count;
}

std::size_t pass_threads(const bertrt::Tokenizer& tokenizer, const std::vector<std::string>& lines, std::size_t count) {
  std::vector<std::thread> threads;
  std::vector<std::size_t> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { made[i] = pass_ids(tokenizer, lines, i, count); });
  }
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    threads[i].join();
    total += made[i];
  }
  return total;
}

std::size_t pass_batches(const bertrt::Tokenizer& tokenizer, std::span<const std::string> lines, std::size_t threads) {
  constexpr std::size_t kBatch = 1024;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); i += kBatch) {
    const auto batch = lines.subspan(i, std::min(kBatch, lines.size() - i));
    for (const auto& encoding : tokenizer.encode_batch(batch, {}, threads)) count += encoding.size();
  }
  return count;
}

/// What this process alone holds, as Linux tells it; 0 elsewhere.
long private_kb() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  long sum = 0;
  for (std::string line; std::getline(rollup, line);) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    sum += std::stol(line.substr(line.find(':') + 1));
  }
  return sum;
}

int measure_load(const char* path) {
  const long before = private_kb();
  const auto begin = Clock::now();
  const auto tokenizer = bertrt::Tokenizer::load(path);
  const double seconds = seconds_since(begin);
  const long loaded = private_kb() - before;
  const std::size_t made = tokenizer.encode("Who was Jim Henson? Jim Henson was an unfathomable puppeteer.").size();
  std::cout << seconds * 1e3 << ' ' << loaded << ' ' << (made > 0 ? private_kb() - before : 0) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2) return measure_load(argv[1]);
  if (argc != 3) {
    std::cerr << "usage: tokenizer_bench TOKENIZER [TEXT]\n";
    return 2;
  }
  const auto tokenizer = bertrt::Tokenizer::load(argv[1]);
  std::vector<std::string> lines;
  std::ifstream in(argv[2]);
  for (std::string line; std::getline(in, line);) lines.push_back(line);

  for (std::string command; std::getline(std::cin, command);) {
    std::istringstream words(command);
    std::string what;
    words >> what;
    std::size_t made = 0;
    const auto begin = Clock::now();
    if (what == "ids") {
      made = pass_ids(tokenizer, lines, 0, 1);
    } else if (what == "encode" || what == "offsets") {
      made = pass_encode(tokenizer, lines, what == "offsets");
    } else if (what == "threads") {
      std::size_t count = 1;
      words >> count;
      made = pass_threads(tokenizer, lines, count);
    } else if (what == "batch") {
      std::size_t count = 1;
      words >> count;
      made = pass_batches(tokenizer, lines, count);
    } else if (what == "dump") {
      std::string path;
      words >> path;
      std::ofstream out(path);
      for (const std::string& line : lines) {
        std::vector<std::int32_t> ids;
        tokenizer.encode_ids(line, ids);
        for (const std::int32_t id : ids) out << id << ' ';
        out << '\n';
      }
    }
    std::cout << seconds_since(begin) << ' ' << made << std::endl;
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
