#pragma once

#include <memory>

#include "bertrt/options.h"
#include "family/trace.h"
#include "model/model_file.h"

namespace bertrt::session {

/// What `file` is as a trace. Runs nothing; what cannot be read as a graph is said in the result.
/// @param thorough  see family::RecognizeOptions: for `verify`
/// @throws Error invalid_format for a damaged one
std::shared_ptr<const family::Trace> trace_of(const std::shared_ptr<const model::ModelFile>& file,
                                              const SessionOptions& options, bool thorough = false);

}  // namespace bertrt::session
