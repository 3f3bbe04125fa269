#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// MPNet's bias of scores: rows of a table looked up by distance, the same for every text.
/// @param term  to be seen as [texts, heads, queries, keys]
/// @param why   what was not explained, when nothing is returned
std::optional<RelativeBiasSpec> find_relative_bias(const Instance& instance, const Probe& probe, const Ref& term,
                                                   std::int64_t heads, std::string& why);

}  // namespace bertrt::family
