#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/session.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "model/traits.h"

namespace bertrt::family {
struct Checkpoint;
struct Trace;
}  // namespace bertrt::family

namespace bertrt::engine {

/// What an engine is made from. All of it is used during the call only, but for the file, which may be kept.
struct EngineSource {
  const std::shared_ptr<const model::ModelFile>& file;
  const std::shared_ptr<const family::Trace>& trace;  ///< never null; its program may be
  const SessionOptions& options;
  const model::ModelTraits& traits;
  /// What libtorch is given to read: the file's own bytes where the caller vouches for it, else an archive written anew
  /// from what was checked. Other engines do not look at it.
  std::span<const std::byte> bytes = {};
};

/// The one door to a kind of engine. Immutable; any thread may use it.
class EngineFactory {
 public:
  virtual ~EngineFactory() = default;

  virtual EngineKind kind() const noexcept = 0;

  /// Everything that results depend on beside the model and the options: the engine's version, the dtype, what was
  /// chosen for this machine. One line, the same in every process of a machine.
  virtual std::string identity(DType dtype) const = 0;

  /// Whether there is an engine for this model, told without the work of making one.
  /// @throws Error unsupported, model_mismatch
  virtual void check(const EngineSource& source) const = 0;

  /// @throws Error unsafe_model before any code of the file is run under Trust::data_only; unsupported, invalid_format,
  ///         model_mismatch, invalid_argument, runtime
  virtual std::unique_ptr<const Engine> make(const EngineSource& source) const = 0;

  /// EngineFacts::outputs of an engine for this trace, told without the work of making one.
  /// @throws Error unsupported for a kind that has to be made for that
  virtual std::vector<OutputInfo> outputs_of(const family::Trace&) const {
    throw Error(ErrorCode::unsupported, "the outputs of a trace", "the packed or the graph engine",
                std::string(to_string(kind())));
  }

  /// On a checkpoint folder, whose weights are known by their names and of whose bytes nothing is kept.
  /// @throws Error unsupported for a kind that runs traces alone; model_mismatch, out_of_resources
  virtual std::unique_ptr<const Engine> make_of(const family::Checkpoint&, const SessionOptions&) const {
    refuse_checkpoint();
  }
  /// What that engine is (its arithmetic left out), told without the work of making it. @throws Error as make_of()
  virtual EngineFacts facts_of(const family::Checkpoint&) const { refuse_checkpoint(); }

 private:
  [[noreturn]] void refuse_checkpoint() const {
    throw Error(ErrorCode::unsupported, "a checkpoint folder", "the packed engine", std::string(to_string(kind())));
  }
};

/// The factory of a kind; the one for torchscript is opened as a module by the first call that asks for it, unless the
/// program has registered its own (bertrt/torchscript.h). It stays valid for the rest of the process.
/// @param kind  not `automatic`
/// @param module_folder  where modules lie, before all other places; may be empty
/// @throws Error unsupported when the module is not there or does not belong to this build; says what to do
const EngineFactory& factory(EngineKind kind, const std::filesystem::path& module_folder = {});

}  // namespace bertrt::engine
