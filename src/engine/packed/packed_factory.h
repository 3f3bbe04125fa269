#pragma once

#include "engine/factory.h"

namespace bertrt::engine::packed {

/// The door to the packed engine (packed_engine.h).
class PackedFactory final : public EngineFactory {
 public:
  EngineKind kind() const noexcept override { return EngineKind::packed; }
  std::string identity(DType dtype) const override;
  void check(const EngineSource& source) const override;
  std::unique_ptr<const Engine> make(const EngineSource& source) const override;
};

}  // namespace bertrt::engine::packed
