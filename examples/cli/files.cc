#include "files.h"

#include <system_error>

namespace bertrt::cli {

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  // What is not there yet is told by the place that it will have.
  std::error_code error_a;
  std::error_code error_b;
  const auto place_a = std::filesystem::weakly_canonical(a, error_a);
  const auto place_b = std::filesystem::weakly_canonical(b, error_b);
  return !error_a && !error_b && place_a == place_b;
}

bool is_of_model_folder(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry.depth() > 0) entry.disable_recursion_pending();
    std::error_code ignored;
    if (entry->path().extension() != ".npy" && std::filesystem::equivalent(entry->path(), path, ignored)) return true;
  }
  return false;
}

}  // namespace bertrt::cli
