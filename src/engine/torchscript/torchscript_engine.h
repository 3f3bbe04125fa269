#pragma once

#include <memory>
#include <optional>

#include "bertrt/session.h"
#include "engine/engine.h"
#include "engine/torchscript/traits.h"
#include "model/model_file.h"

namespace bertrt::engine {

/// libtorch's interpreter on the trace itself: the reference. The only caller of torch::jit::load.
///
/// The file is used during the call only. Length checks and warm-up runs happen here, by `options`.
/// @throws Error unsafe_model before libtorch sees a file that model::Finding::Severity::refuse stands against
///         (unless SessionOptions::trust is full); unsupported, invalid_format, model_mismatch, runtime
std::unique_ptr<Engine> make_torchscript_engine(const model::ModelFile& file, const SessionOptions& options,
                                                const torchscript::ModelTraits& traits);

/// @throws Error unsafe_model as above
void refuse_unsafe(const model::ModelFile& file, std::optional<Trust> trust);

}  // namespace bertrt::engine
