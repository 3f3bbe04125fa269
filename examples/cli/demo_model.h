#pragma once

#include <filesystem>
#include <optional>

namespace bertrt::cli {

/// What the program was called as (argv[0]), for systems that do not tell where a program stands.
void called_as(const char* name);

/// The demo model of this very program: the source tree's for one that was built in it, else what was installed beside
/// it, wherever it has moved since, else what was installed where it was to be.
std::optional<std::filesystem::path> demo_model();

}  // namespace bertrt::cli
