// torch::jit::load alone, in a process that has libtorch linked in: torch_load MODEL.pt
#include <torch/csrc/jit/serialization/import.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: torch_load MODEL.pt\n");
    return 2;
  }
  try {
    const auto begin = std::chrono::steady_clock::now();
    const torch::jit::Module module = torch::jit::load(argv[1]);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    std::printf("torch::jit::load alone: %.0f ms\n", time.count());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
