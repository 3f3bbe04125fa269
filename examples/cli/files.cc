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

}  // namespace bertrt::cli
