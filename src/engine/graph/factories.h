#pragma once

#include "engine/factory.h"

namespace bertrt::engine::graph {

/// The packed engine's door: traces whose encoder was recognized, and checkpoints.
class PackedFactory final : public EngineFactory {
 public:
  EngineKind kind() const noexcept override { return EngineKind::packed; }
  std::string identity(DType dtype) const override;
  void check(const EngineSource& source) const override;
  std::unique_ptr<const Engine> make(const EngineSource& source) const override;
  std::vector<OutputInfo> outputs_of(const family::Trace& trace) const override;
  std::unique_ptr<const Engine> make_of(const family::Checkpoint& checkpoint,
                                        const SessionOptions& options) const override;
  EngineFacts facts_of(const family::Checkpoint& checkpoint) const override;
};

/// The graph engine's: traces that are graphable.
class GraphFactory final : public EngineFactory {
 public:
  EngineKind kind() const noexcept override { return EngineKind::graph; }
  std::string identity(DType dtype) const override;
  void check(const EngineSource& source) const override;
  std::unique_ptr<const Engine> make(const EngineSource& source) const override;
  std::vector<OutputInfo> outputs_of(const family::Trace& trace) const override;
};

}  // namespace bertrt::engine::graph
