#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace bertrt::engine {

/// Where a module may lie, in order: in the folder that the caller names; in those of the environment's
/// BERTRT_MODULE_PATH (as PATH is written); where an install puts it: beside the library or program that holds this
/// code, in bertrt/ there, and in the same two of the library folder that belongs to a bin folder. The current folder
/// is never looked into.
/// @throws Error invalid_argument for a folder that is not absolute
std::vector<std::filesystem::path> module_candidates(std::string_view file_name, const std::filesystem::path& folder);

}  // namespace bertrt::engine
