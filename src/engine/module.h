#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "bertrt/output.h"
#include "engine/engine.h"
#include "engine/factory.h"

namespace bertrt::engine {

// The border between the library and an engine that lives in a shared object of its own.
//
// A module links none of the library: it is given the functions that it may call, and hands out those that the library
// calls. So it serves a shared library and a program that the library is linked into alike, and there is no second copy
// of anything that has state. What crosses are this build's own types (both sides compare kBorder first); no exception
// does.

/// What a module may ask of the library.
struct ModuleHost {
  std::size_t (*num_threads)() noexcept;
  void (*warn)(std::string_view message) noexcept;
};

/// An Error as a value.
struct Failure {
  ErrorCode code = ErrorCode::runtime;
  std::string where;
  std::string expected;
  std::string found;
};

/// What a module hands out; lives as long as the process. Its functions may be called from many threads.
struct EngineModule {
  const char* border;  ///< kBorder of the module's build; nothing behind it is read unless it is equal
  /// @param host  lives as long as the process; the same in every call
  std::optional<Failure> (*make)(const ModuleHost& host, const EngineSource& source,
                                 std::unique_ptr<const Engine>& engine) noexcept;
  std::optional<Failure> (*run)(const Engine& engine, const batch::Batch& batch, const RunRequest& request,
                                EncoderOutput& output) noexcept;
};

/// Differs between builds whose types could differ: the version, a hash of every header that the border is made of, and
/// how this compiler lays things out.
extern const char kBorder[];

/// A module's engines behind the usual interface. @throws Error unsupported for a module of another build
/// @param where  the module's file, for messages
std::unique_ptr<const EngineFactory> module_factory(EngineKind kind, const EngineModule& module,
                                                    const std::string& where);

}  // namespace bertrt::engine
