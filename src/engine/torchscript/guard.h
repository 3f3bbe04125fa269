#pragma once

#include <string>
#include <string_view>

#include "bertrt/error.h"
#include "engine/torchscript/torch_headers.h"

namespace bertrt::engine::torchscript {

/// Passes libtorch's warnings to bertrt's handler instead of standard error.
class WarningBridge final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override;
};

/// How this library wants libtorch set while one call is in it, on this thread; undone at the end of the scope.
///
/// - no autograd;
/// - the library's number of threads (ModuleHost);
/// - the JIT runs the graph as it was traced. Its profiling executor would specialize on shapes during the first
///   calls (slow first calls, recompilation and growing memory at every new length), which an encoder does not repay
///   (docs/benchmarks-session.md has the measurement);
/// - warnings go to the handler.
class TorchScope {
 public:
  TorchScope();
  TorchScope(const TorchScope&) = delete;
  TorchScope& operator=(const TorchScope&) = delete;

 private:
  WarningBridge bridge_;
  c10::WarningUtils::WarningHandlerGuard warnings_;
  c10::InferenceMode inference_;
  torch::jit::GraphOptimizerEnabledGuard executor_;
};

/// The one line of a libtorch message that says what happened: the interpreter's traceback is left out.
std::string one_line(std::string_view message);

/// The exception in flight as an Error; call it inside a catch block only. An Error passes through unchanged.
Error current_exception_as_error(ErrorCode code, std::string_view where, std::string_view expected);

/// Calls `function`; whatever it throws leaves as an Error.
template <typename Function>
auto translated(ErrorCode code, std::string_view where, std::string_view expected, Function&& function) {
  try {
    return function();
  } catch (...) {
    throw current_exception_as_error(code, where, expected);
  }
}

}  // namespace bertrt::engine::torchscript
