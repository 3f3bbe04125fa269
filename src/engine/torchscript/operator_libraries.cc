#include "engine/torchscript/operator_libraries.h"

#include <string>

#include "base/shared_object.h"
#include "bertrt/error.h"
#include "engine/torchscript/guard.h"

namespace bertrt::engine::torchscript {

void open_operator_libraries(std::span<const std::filesystem::path> paths) {
  for (const std::filesystem::path& path : paths) {
    std::error_code ignored;
    if (path.has_parent_path() && !std::filesystem::exists(path, ignored)) {
      throw Error(ErrorCode::file_not_found, path.string(), "an operator library", "no such file");
    }
    // Registering can throw from the library's static initializers, e.g. when an operator is already there.
    const base::SharedObject object =
        translated(ErrorCode::unsupported, path.string(), "an operator library that registers itself",
                   [&] { return base::open_shared_object(path); });
    if (object.handle == nullptr) {
      throw Error(ErrorCode::unsupported, path.string(), "a shared object that this machine can open",
                  one_line(object.failure));
    }
  }
}

}  // namespace bertrt::engine::torchscript
