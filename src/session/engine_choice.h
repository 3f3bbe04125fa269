#pragma once

#include <memory>
#include <string>

#include "bertrt/session.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "model/traits.h"
#include "session/load_timer.h"

namespace bertrt::session {

struct EngineChoice {
  std::unique_ptr<const engine::Engine> engine;
  EngineKind kind = EngineKind::torchscript;  ///< never automatic
  std::string why;
};

/// The engine that the options ask for; `automatic` takes the packed one where it is proven equal to the trace
/// (see proof.h) and gives all that the trace gives, else torchscript.
/// @param timer  gets the stages
/// @throws Error unsafe_model; for an explicit choice, why it cannot be had
EngineChoice choose_engine(const std::shared_ptr<const model::ModelFile>& file, const SessionOptions& options,
                           const model::ModelTraits& traits, LoadTimer& timer);

}  // namespace bertrt::session
