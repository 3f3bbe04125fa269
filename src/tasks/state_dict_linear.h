#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tasks/vector_steps.h"

namespace bertrt::tasks {

/// A torch.nn.Linear that was saved by itself (torch.save of its state dict: `weight`, `bias`), as a step for vectors
/// of `in` columns. The file's pickle is read and never run.
/// @param where  the file, for messages
/// @throws Error invalid_format, unsupported; model_mismatch for another width
VectorSteps read_linear(std::span<const std::byte> file, const std::string& where, std::size_t in);

}  // namespace bertrt::tasks
