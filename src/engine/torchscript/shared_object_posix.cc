#include <dlfcn.h>

#include "engine/torchscript/shared_object.h"

namespace bertrt::engine::torchscript {

std::optional<std::string> open_shared_object(const std::filesystem::path& path) {
  // Never closed, see the header of open_operator_libraries().
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return std::nullopt;
  const char* message = dlerror();
  return message == nullptr ? "dlopen failed" : message;
}

}  // namespace bertrt::engine::torchscript
