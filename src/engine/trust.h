#pragma once

#include <optional>

#include "bertrt/options.h"
#include "model/model_file.h"

namespace bertrt::engine {

/// What stands before every engine that runs a file's code.
/// @throws Error unsafe_model when a finding says refuse, unless the caller vouches for the file
void refuse_unsafe(const model::ModelFile& file, std::optional<Trust> trust);

}  // namespace bertrt::engine
