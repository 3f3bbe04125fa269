#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/packed/packed_model.h"
#include "family/trace.h"

namespace bertrt::engine::graph {

/// An engine for a trace whose encoder was recognized: it and the heads on it run packed over the whole batch without
/// padding, and what else the trace computes from them by its own operators, text by text.
/// @throws Error unsupported where no encoder was recognized, with what was not explained; model_mismatch
std::unique_ptr<const Engine> make_recognized_engine(std::shared_ptr<const family::Trace> trace,
                                                     const SessionOptions& options, packed::PackedTuning tuning = {});

}  // namespace bertrt::engine::graph
