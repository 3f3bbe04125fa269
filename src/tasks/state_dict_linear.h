#pragma once

#include <cstddef>
#include <filesystem>

#include "tasks/vector_steps.h"

namespace bertrt::tasks {

/// A torch.nn.Linear that was saved by itself (torch.save of its state dict: `weight`, `bias`), as a step for vectors
/// of `in` columns. The file's pickle is read and never run.
/// @throws Error io, invalid_format, unsupported; model_mismatch for another width
VectorSteps read_linear(const std::filesystem::path& file, std::size_t in);

}  // namespace bertrt::tasks
