#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "bertrt/options.h"
#include "bertrt/output.h"

namespace bertrt::proof {

/// What was found when two engines ran the same texts.
struct Comparison {
  std::optional<std::string> objection;     ///< nothing: they agree in every output that was expected
  std::map<OutputRole, float> differences;  ///< the largest of each role, absolute
  std::map<OutputRole, float> scaled;       ///< likewise, by max(1, the largest finite value of the row)
  std::set<OutputRole> differ;              ///< the roles of outputs that do not agree
  std::size_t values = 0;
};

/// An engine's outputs for some texts, and what each of them is.
struct Outputs {
  const EncoderOutput& values;
  std::span<const OutputInfo> infos;  ///< EngineFacts::outputs
};

/// Compares every output that is expected, value by value, for every text. An output that is missing, has another role
/// or shape, or has no values to compare is an objection.
Comparison compare(const Outputs& expected, const Outputs& found, DType dtype);

}  // namespace bertrt::proof
