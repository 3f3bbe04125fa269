#pragma once

#include "family/named_spec.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// An archive's encoder and head as specs, found by the names of its parameters, with the constants of a bundle's
/// manifest or of a bare trace's code. The file must outlive them.
/// @throws Error unsupported when the engine has no forward pass for this model, model_mismatch for sizes that cannot
/// be
family::NamedModel model_file_spec(const model::ModelFile& file);

}  // namespace bertrt::engine::packed
