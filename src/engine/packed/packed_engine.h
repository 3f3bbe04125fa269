#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bertrt/options.h"
#include "engine/engine.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// How it is run. The first two only measurements and tests change.
struct PackedTuning {
  /// Texts go through all layers together as long as they have no more tokens than this (a longer text goes alone):
  /// bounds the memory of a pass.
  std::size_t slice_tokens = 1024;
  /// The same where each thread has texts of its own.
  std::size_t share_slice_tokens = 192;
  /// Threads of a pass (SessionOptions::threads); 0: as bertrt::num_threads() says at each.
  std::size_t threads = 0;
};

/// Everything that the engine's results depend on beside the model: its version, the dtype, the kernels that were
/// chosen for this machine. One line, the same in every process of a machine.
std::string packed_engine_identity(DType dtype);

/// Whether there is a forward pass for this kind of model, told without packing anything.
/// @throws Error unsupported, model_mismatch
void check_packable(const model::ModelFile& file);

/// An engine on the archive's weights alone: no interpreter, no padding, nothing of the file's code is run.
///
/// Packs what it needs and keeps nothing of `file`, so that a caller who needs the file no more can let it go.
/// @throws Error unsupported when there is no forward pass for this model, model_mismatch when its weights do not fit
std::unique_ptr<Engine> make_packed_engine(std::shared_ptr<const model::ModelFile> file, const PackedOptions& options,
                                           const PackedTuning& tuning = {});

}  // namespace bertrt::engine::packed
