#include "engine/packed/identity.h"

#include "bertrt/runtime.h"
#include "kernels/isa/kernels.h"

namespace bertrt::engine::packed {
namespace {

// Counts up with every change to the forward pass that could change a result: proofs of an older one are then void.
constexpr int kRevision = 2;

}  // namespace

std::string identity(DType dtype) {
  const kernels::isa::Kernels& kernels = kernels::isa::best();
  const auto text = [&](const char* name, const kernels::isa::TileKernels& tiles) {
    return std::string(name) + " " + kernels.target + " " + tiles.name;
  };
  std::string line = std::string(version()) + " packed " + std::to_string(kRevision) + ", ";
  if (dtype == DType::bf16) line += text("bf16", kernels.bf16) + ", ";
  if (dtype == DType::int8) line += text("int8", kernels.int8) + ", ";
  return line + text("fp32", kernels.fp32);
}

}  // namespace bertrt::engine::packed
