#pragma once

#include "engine/engine.h"
#include "engine/packed/packed_model.h"

namespace bertrt::engine::packed {

/// What is true of every engine that runs a packed model; inputs and outputs are the engine's own.
EngineFacts facts_of(const PackedModel& model, DType dtype);

}  // namespace bertrt::engine::packed
