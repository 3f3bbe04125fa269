#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bertrt::engine::torchscript {

/// Opens a shared object for the rest of the process. The one place here that is bound to an operating system:
/// shared_object_posix.cc and its twin shared_object_windows.cc.
/// @return the system's message when it cannot be opened
std::optional<std::string> open_shared_object(const std::filesystem::path& path);

}  // namespace bertrt::engine::torchscript
