#pragma once

#include <memory>
#include <vector>

#include "bertrt/options.h"
#include "bertrt/output.h"
#include "engine/engine.h"
#include "engine/packed/packed_outputs.h"
#include "family/checkpoint.h"

namespace bertrt::engine::packed {

/// Something that a checkpoint's model gives.
struct CheckpointOffer {
  OutputInfo info;
  PackedSource source;
};

/// In EncoderOutput's order: every layer's hidden state, the pooled output, logits. A second head of a role comes in
/// `more`. Roles are known by the weights' names.
std::vector<CheckpointOffer> checkpoint_offers(const family::Checkpoint& checkpoint);

/// What that engine is, told without packing; its arithmetic left out.
/// @throws Error model_mismatch, as make_checkpoint_engine
EngineFacts checkpoint_facts(const family::Checkpoint& checkpoint);

/// The packed engine on a checkpoint; nothing of its bytes is kept.
/// @throws Error model_mismatch, unsupported, runtime
std::unique_ptr<const Engine> make_checkpoint_engine(const family::Checkpoint& checkpoint,
                                                     const SessionOptions& options);

}  // namespace bertrt::engine::packed
