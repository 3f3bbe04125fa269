#include "demo_model.h"

#include <string>
#include <system_error>
#include <vector>

#include "files.h"

namespace bertrt::cli {
namespace {

std::string& called() {
  static std::string name;
  return name;
}

// Empty where the system does not tell.
std::filesystem::path program() {
  std::error_code error;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) return path;
  // A name without a folder was looked up in PATH, which may have changed since.
  if (called().find_first_of("/\\") == std::string::npos) return {};
  path = std::filesystem::canonical(called(), error);
  return error ? std::filesystem::path() : path;
}

}  // namespace

void called_as(const char* name) { called() = name; }

std::optional<std::filesystem::path> demo_model() {
  std::vector<std::filesystem::path> places;
  if (const std::filesystem::path own = program(); !own.empty()) {
    if (same_file(own.parent_path(), BERTRT_PROGRAM_BUILT)) places.emplace_back(BERTRT_DEMO_MODEL_BUILT);
    places.push_back((own.parent_path() / BERTRT_DEMO_MODEL_FROM_PROGRAM).lexically_normal());
  }
  places.emplace_back(BERTRT_DEMO_MODEL_INSTALLED);
  places.emplace_back(BERTRT_DEMO_MODEL_BUILT);
  for (const std::filesystem::path& place : places) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

}  // namespace bertrt::cli
