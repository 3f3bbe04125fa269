#pragma once

#include <optional>
#include <string>

#include "bertrt/session.h"
#include "engine/engine.h"
#include "engine/torchscript/traits.h"
#include "model/model_file.h"

namespace bertrt::session {

/// Is the packed engine's forward pass the one that the trace stands for? Two ways to know; both answer with the
/// objection, or with nothing when there is none.

bool has_self_test(const model::ModelFile& file);

/// Against the Python outputs that a bundle carries: libtorch is not needed.
std::optional<std::string> differs_from_self_test(const engine::Engine& packed, const model::ModelFile& file,
                                                  DType dtype, const engine::torchscript::ModelTraits& traits);

/// Against the trace itself, on made-up texts: a short one, one of the traced length, a pair with segment ids, a
/// batch of them, and a longer one where the trace takes it.
std::optional<std::string> differs_from_reference(const engine::Engine& packed, const engine::Engine& reference,
                                                  DType dtype, const engine::torchscript::ModelTraits& traits);

}  // namespace bertrt::session
