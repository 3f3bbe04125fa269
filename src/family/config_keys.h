#pragma once

#include <string_view>

namespace bertrt::family {

/// Whether a key of config.json is known to change nothing that a forward pass in evaluation computes: dropouts,
/// initialization, generation, what Python returns, where a file came from.
bool changes_nothing(std::string_view key) noexcept;

}  // namespace bertrt::family
