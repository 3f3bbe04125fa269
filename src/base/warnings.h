#pragma once

#include <string_view>

namespace bertrt::base {

/// Passes one line to the handler that set_warning_handler() installed. Thread-safe; never throws.
void warn(std::string_view message) noexcept;

}  // namespace bertrt::base
