#pragma once

#include <string>

#include "family/config_reader.h"

namespace bertrt::family {

struct CheckpointConfig;

/// "position_embedding_type", and what else a JinaBERT's config.json has.
///
/// relative_key and relative_key_query are computed as transformers 4 does; transformers 5 has no such positions, which
/// is a finding.
/// @throws Error unsupported
void read_positions(ConfigKeys& keys, CheckpointConfig& config);

/// ESM's own settings. @throws Error unsupported
void read_esm(ConfigKeys& keys, CheckpointConfig& config);

/// "auto_map": code of the repository is refused, unless it is the published one of a family that is known.
/// @throws Error unsupported
void read_code(ConfigKeys& keys, CheckpointConfig& config);

}  // namespace bertrt::family
