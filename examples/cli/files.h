#pragma once

#include <filesystem>

namespace bertrt::cli {

/// Whether both paths name one file, by whatever names, be it there already or not.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Whether `path` is one of a model folder's files, by whatever name: of its own or of its folders'. Vectors that were
/// put there (.npy) are not the model's.
bool is_of_model_folder(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace bertrt::cli
