#pragma once

#include "bertrt/export.h"

// Not part of bertrt/bertrt.h: for programs that link bertrt::torchscript.

namespace bertrt::engine {
struct EngineModule;
}  // namespace bertrt::engine

namespace bertrt {
inline namespace v0 {

/// Makes an engine that is linked into the program known to the library; the first one stays. Thread-safe.
/// @throws Error unsupported for one of another build
BERTRT_API void register_engine(const engine::EngineModule& module);

}  // namespace v0
}  // namespace bertrt

/// The torchscript engine; defined by bertrt::torchscript.
extern "C" const bertrt::engine::EngineModule* bertrt_torchscript_module() noexcept;

namespace bertrt {
inline namespace v0 {

/// Has sessions use the torchscript engine that is linked into the program (CMake: bertrt::torchscript) instead of
/// looking for libbertrt_torchscript.so. Call it once, before the first session is loaded. A program that ships the
/// module beside itself needs neither this nor the link. @throws Error unsupported
inline void register_torchscript() { register_engine(*bertrt_torchscript_module()); }

}  // namespace v0
}  // namespace bertrt
