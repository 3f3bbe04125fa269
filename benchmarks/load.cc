// What loading a model costs: time by stage, and memory as private resident pages above those of the process before.
// One model a process, so that a load is a cold one. torch_load is what it compares with.
//
//   load MODEL.pt [fp32|bf16|int8] [--proof-cache FOLDER]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "bertrt/error.h"
#include "bertrt/inspect.h"
#include "bertrt/runtime.h"
#include "bertrt/session.h"

namespace {

using Clock = std::chrono::steady_clock;

// A sum of /proc's lines with one of these names, in MB; 0 where the system has none.
double proc_mb(const char* path, std::initializer_list<std::string_view> names) {
  std::ifstream in(path);
  double kilobytes = 0;
  for (std::string line; std::getline(in, line);) {
    for (const std::string_view name : names) {
      if (line.starts_with(name)) kilobytes += std::strtod(line.c_str() + name.size(), nullptr);
    }
  }
  return kilobytes / 1000 * 1.024;
}

double private_mb() { return proc_mb("/proc/self/smaps_rollup", {"Private_Clean:", "Private_Dirty:"}); }
double peak_mb() { return proc_mb("/proc/self/status", {"VmHWM:"}); }

bertrt::Encoding text_of(std::size_t tokens) {
  bertrt::Encoding text;
  for (std::size_t i = 0; i < tokens; ++i) text.input_ids.push_back(static_cast<std::int32_t>(1000 + 31 * i));
  return text;
}

void load_by_session(const std::string& path, const bertrt::SessionOptions& options) {
  const double before = private_mb();
  const double peak_before = peak_mb();
  const auto session = bertrt::BertSession::load(path, options);
  const double loaded = private_mb() - before;
  const double peak = peak_mb() - peak_before;
  double total = 0;
  for (const auto& stage : session.info().load_stages) {
    std::printf("%8.1f ms  %s\n", stage.milliseconds, stage.name.c_str());
    total += stage.milliseconds;
  }
  std::printf("%8.1f ms  in all\n", total);
  for (const std::size_t tokens : {8U, 128U, 512U}) session.run(text_of(tokens), {.all_encoder_layers = false});
  const double used = private_mb() - before;
  const double weights = static_cast<double>(bertrt::inspect(path).parameters) * sizeof(float) / 1e6;
  std::printf("%s, %s\n", session.info().engine == bertrt::EngineKind::packed ? "packed" : "torchscript",
              session.info().engine_why.c_str());
  std::printf(
      "unique weights in fp32: %.1f MB; private memory after loading: %.1f MB (%.3f), after running 8, 128 and "
      "512 tokens: %.1f MB (%.3f); resident at the peak of loading: %.1f MB (%.2f)\n",
      weights, loaded, loaded / weights, used, used / weights, peak, peak / weights);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: load MODEL.pt [fp32|bf16|int8] [--proof-cache FOLDER]\n");
    return 2;
  }
  try {
    bertrt::SessionOptions options;
    for (int i = 2; i < argc; ++i) {
      const std::string_view argument = argv[i];
      if (argument == "bf16") options.packed.dtype = bertrt::DType::bf16;
      if (argument == "int8") options.packed.dtype = bertrt::DType::int8;
      if (argument == "--proof-cache" && i + 1 < argc) options.proof_cache = argv[++i];
    }
    load_by_session(argv[1], options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
