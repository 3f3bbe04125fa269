#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bertrt/output.h"
#include "engine/torchscript/traits.h"

namespace bertrt::engine::torchscript {

/// An output as one run shows it.
struct SeenOutput {
  std::string name;                 ///< as flatten() has it
  bool named = false;               ///< its outermost member has a name of its own, not a position
  std::size_t list = 0;             ///< tensors in the list that it is in; 0: in none
  std::size_t place = 0;            ///< its place in that list
  std::vector<bool> token_axes;     ///< of one text
  std::vector<std::int64_t> sizes;  ///< of one text
};

/// The roles of a method's outputs, in their order; OutputInfo::shape is left empty.
std::vector<OutputInfo> roles_of(const std::vector<SeenOutput>& seen, const ModelTraits& traits);

}  // namespace bertrt::engine::torchscript
