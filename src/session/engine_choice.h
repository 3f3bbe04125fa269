#pragma once

#include <memory>
#include <string>

#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "engine/engine.h"
#include "engine/factory.h"
#include "session/decision.h"
#include "session/load_timer.h"

namespace bertrt::session {

struct EngineChoice {
  std::unique_ptr<const engine::Engine> engine;
  EngineKind kind = EngineKind::torchscript;  ///< never automatic
  std::string why;
};

/// The engine that the options ask for; `automatic` tries the decision's candidates in their order and takes the first
/// that is possible and, for the packed one, proven to give what the trace gives (see proof.h). Whichever it is, a
/// bundle's self-test must agree with it.
/// @param tokenizer  its special tokens are among the texts of a proof; a bundle's own is held to the self-test. May be
///                   null
/// @param timer      gets the stages
/// @throws Error why an engine that is asked for cannot be had, or why none can; model_mismatch for a self-test that
///         fails; invalid_argument for a dtype that the engine does not use
EngineChoice choose_engine(const engine::EngineSource& source, const Decision& decision, const Tokenizer* tokenizer,
                           LoadTimer& timer);

}  // namespace bertrt::session
