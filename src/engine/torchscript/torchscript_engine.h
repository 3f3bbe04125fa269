#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/factory.h"

namespace bertrt::engine::torchscript {

/// libtorch's interpreter on the trace itself: the reference. The only caller of torch::jit::load.
///
/// The file is used during the call only. Length checks and warm-up runs happen here, by the options. Whoever calls has
/// looked at the file's findings (engine/trust.h): its code runs.
/// @throws Error unsupported, invalid_format, model_mismatch, invalid_argument, runtime
std::unique_ptr<const Engine> make_torchscript_engine(const EngineSource& source);

}  // namespace bertrt::engine::torchscript
