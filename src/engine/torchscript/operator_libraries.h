#pragma once

#include <filesystem>
#include <span>

namespace bertrt::engine::torchscript {

/// Opens shared objects that register operators with libtorch, in order, for the rest of the process: an operator
/// that a loaded model refers to must not vanish. A bare file name is searched for as the system does; opening one
/// twice is harmless. Their code runs.
/// @throws Error file_not_found, unsupported (not a library for this machine, a missing dependency)
void open_operator_libraries(std::span<const std::filesystem::path> paths);

}  // namespace bertrt::engine::torchscript
