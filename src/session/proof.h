#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "engine/engine.h"
#include "engine/factory.h"
#include "model/model_file.h"
#include "model/traits.h"

namespace bertrt::session {

/// A text of ordinary ids and both segments, the same in every process.
Encoding made_up_text(std::size_t tokens, std::uint32_t seed, const model::ModelTraits& traits);

/// Is the packed engine's forward pass the one that the trace stands for? Two ways to know; both answer with the
/// objection, or with nothing when there is none.

bool has_self_test(const model::ModelFile& file);

/// Against the Python outputs that a bundle carries: libtorch is not needed.
std::optional<std::string> differs_from_self_test(const engine::Engine& packed, const model::ModelFile& file,
                                                  DType dtype, const model::ModelTraits& traits);

/// Against the trace itself, on made-up texts at its traced shape, where it is right by definition: a short one, padded
/// where the trace takes a mask, and one of the traced length, each with both segments.
class TraceProof {
 public:
  /// Runs the texts through the trace, in libtorch's interpreter, which is let go afterwards.
  /// @throws Error what the torchscript engine's factory and Engine::run throw
  explicit TraceProof(const engine::EngineSource& source);

  /// Runs them through `packed`. The same objects may judge several engines.
  std::optional<std::string> objection(const engine::Engine& packed, DType dtype) const;

  /// How long each part of running the trace took.
  const std::vector<LoadStage>& stages() const noexcept { return stages_; }

 private:
  std::vector<Encoding> texts_;
  std::vector<std::string> outputs_;
  EncoderOutput expected_;
  std::vector<LoadStage> stages_;
};

}  // namespace bertrt::session
