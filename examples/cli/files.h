#pragma once

#include <filesystem>

namespace bertrt::cli {

/// Whether both paths name one file, by whatever names, be it there already or not.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace bertrt::cli
