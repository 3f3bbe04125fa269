#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "bertrt/output.h"

namespace bertrt::cli {

/// One text's value of one output.
struct GivenOutput {
  const OutputInfo* info = nullptr;
  std::vector<std::size_t> shape;  ///< no batch axis
  std::span<const float> data;
};

/// Everything that `output` has of a text, in the order of `infos` (SessionInfo::outputs). Views into both.
std::vector<GivenOutput> given_outputs(const EncoderOutput& output, const std::vector<OutputInfo>& infos,
                                       std::size_t text);

/// "[3, 64]".
std::string shape_text(std::span<const std::size_t> shape);

}  // namespace bertrt::cli
