#pragma once

#include "family/config.h"
#include "family/config_reader.h"

namespace bertrt::family {

/// Whether a config.json is NomicBERT's as its makers publish it, with GPT-2's names for the sizes ("n_embd"), and not
/// as transformers' own class writes it.
bool is_published_nomic(ConfigKeys& keys);

/// What it says: the arithmetic of the code that is published with nomic-embed-text-v1, v1.5 and v2-moe. Kinds that
/// these are not (norms first, pairs side by side) are refused.
/// @throws Error unsupported
void read_published_nomic(ConfigKeys& keys, CheckpointConfig& config);

}  // namespace bertrt::family
