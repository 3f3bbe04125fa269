#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// What queries or keys are turned by, as cosines or sines show it.
struct Angles {
  std::vector<float> frequencies;  ///< of the pairs; zeros where there is a table
  float factor = 1;                ///< of cosines and sines
  /// Stored sines, then cosines, of each position: [positions, 2 pairs]; or nothing.
  std::optional<Weight> table = {};
  bool neighbours = false;       ///< a pair's values stand side by side; else half a head apart
  bool positions_given = false;  ///< by position_ids; else tokens are counted from 0
};
bool same_angles(const Angles& a, const Angles& b);

/// Cosines or sines for heads, one for each value of a pair: of each token's position times stored frequencies, with
/// factors behind it; or a stored table's, looked up by position.
/// @param function    "aten::cos" or "aten::sin"
/// @param heads       what is multiplied with them: [texts, heads, tokens, size], or with tokens on axis 1
/// @param token_axis  of `heads`
std::optional<Angles> find_angles(const Instance& instance, const Probe& probe, const Ref& ref,
                                  std::string_view function, const graph::Sizes& heads, std::size_t token_axis);

}  // namespace bertrt::family
