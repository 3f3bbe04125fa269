#pragma once

#include <string>

#include "engine/torchscript/torch_headers.h"
#include "model/model_file.h"

namespace bertrt::engine::torchscript {

/// "cpu" or "cuda[:N]" as libtorch's device.
/// @throws Error invalid_argument for another spelling, unsupported where libtorch or the machine lacks it
c10::Device parse_device(const std::string& name);

/// torch::jit::load on the archive's bytes, read in place: the only copy is libtorch's own of each weight. Halved
/// weights are widened to fp32. The caller has checked the file's findings and opened its operator libraries.
/// @throws Error unsupported (an operator that is not there), invalid_format
torch::jit::Module load_module(const model::ModelFile& file, std::span<const std::byte> bytes, c10::Device device);

}  // namespace bertrt::engine::torchscript
