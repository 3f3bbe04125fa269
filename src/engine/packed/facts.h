#pragma once

#include "engine/engine.h"
#include "family/encoder_spec.h"

namespace bertrt::engine::packed {

/// What is true of every engine that runs this encoder packed, told without packing it; inputs, outputs and arithmetic
/// are the engine's own. @throws Error model_mismatch as packing
EngineFacts facts_of(const family::EncoderSpec& encoder);

}  // namespace bertrt::engine::packed
