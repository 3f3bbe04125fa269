#define NOMINMAX
#include <windows.h>

#include "engine/torchscript/shared_object.h"

namespace bertrt::engine::torchscript {

std::optional<std::string> open_shared_object(const std::filesystem::path& path) {
  // Never freed, see the header of open_operator_libraries(). The library's own folder is searched for what it needs.
  const DWORD flags = path.is_absolute() ? LOAD_WITH_ALTERED_SEARCH_PATH : 0;
  if (LoadLibraryExW(path.c_str(), nullptr, flags) != nullptr) return std::nullopt;
  return "LoadLibrary failed with error " + std::to_string(GetLastError());
}

}  // namespace bertrt::engine::torchscript
