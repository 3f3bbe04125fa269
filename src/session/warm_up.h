#pragma once

#include <cstddef>
#include <functional>

#include "bertrt/encoding.h"
#include "bertrt/options.h"
#include "engine/engine.h"

namespace bertrt::session {

/// Runs the lengths of SessionOptions::warmup_lengths once each, so that the first call of a user is not slow; a short
/// text where there are none.
/// @param has_run  the engine has run already (all lengths are alike to it): only lengths that were asked for are run
/// @param text     makes a text of so many tokens, all of them in the model's domain
/// @return whether anything was run
/// @throws Error invalid_argument for a length that the engine does not take; what a run throws
bool warm_up(const engine::Engine& engine, const SessionOptions& options, bool has_run,
             const std::function<Encoding(std::size_t length)>& text);

}  // namespace bertrt::session
