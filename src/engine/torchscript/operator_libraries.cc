#include "engine/torchscript/operator_libraries.h"

#include <optional>
#include <string>

#include "bertrt/error.h"
#include "engine/torchscript/guard.h"
#include "engine/torchscript/shared_object.h"

namespace bertrt::engine::torchscript {

void open_operator_libraries(std::span<const std::filesystem::path> paths) {
  for (const std::filesystem::path& path : paths) {
    std::error_code ignored;
    if (path.has_parent_path() && !std::filesystem::exists(path, ignored)) {
      throw Error(ErrorCode::file_not_found, path.string(), "an operator library", "no such file");
    }
    // Registering can throw from the library's static initializers, e.g. when an operator is already there.
    const std::optional<std::string> failure =
        translated(ErrorCode::unsupported, path.string(), "an operator library that registers itself",
                   [&] { return open_shared_object(path); });
    if (failure) {
      throw Error(ErrorCode::unsupported, path.string(), "a shared object that this machine can open",
                  one_line(*failure));
    }
  }
}

}  // namespace bertrt::engine::torchscript
