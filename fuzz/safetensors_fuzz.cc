// Reads any bytes as a safetensors file, and every number that it is said to hold. A seed:
// tests/data/archive/weights.safetensors

#include <cstddef>
#include <cstdint>
#include <span>

#include "archive/safetensors.h"
#include "bertrt/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    float sum = 0;
    for (const auto& one : bertrt::archive::read_safetensors(std::as_bytes(std::span(data, size)), "fuzz")) {
      if (one.tensor.type > bertrt::archive::ElementType::float64) continue;
      for (const float value : to_float32(one.tensor)) sum += value;
    }
    volatile float sink = sum;
    (void)sink;
  } catch (const bertrt::Error&) {
    // The one exception that may leave the library.
  }
  return 0;
}
