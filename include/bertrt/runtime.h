#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "bertrt/export.h"

namespace bertrt {
inline namespace v0 {

/// The library's version, "MAJOR.MINOR.PATCH".
BERTRT_API std::string_view version() noexcept;

/// Threads for one forward pass, process-wide (libtorch's pool is; threads already started keep their setting, so
/// call it first thing). 0: as many as the machine has cores. @throws Error invalid_argument above 1024
BERTRT_API void set_num_threads(std::size_t count);
BERTRT_API std::size_t num_threads() noexcept;

/// Receives libtorch's and our own warnings, one line each; may be called from any thread. The default drops them.
using WarningHandler = std::function<void(std::string_view message)>;
BERTRT_API void set_warning_handler(WarningHandler handler);

}  // namespace v0
}  // namespace bertrt
