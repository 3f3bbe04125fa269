#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "family/sentence_modules.h"

namespace bertrt::tasks {

/// Each to unit length, zeros as they are: x / max(‖x‖₂, 1e-12). @param rows  [n, width], changed in place
void normalize_rows(std::span<float> rows, std::size_t width);

/// What modules do to vectors one by one: Dense, LayerNorm, Normalize, in their order. Immutable; copies share weights.
class VectorSteps {
 public:
  /// @param width  of the vectors that go in
  explicit VectorSteps(std::size_t width = 0) : in_(width), out_(width) {}

  /// @throws Error model_mismatch where a module wants another width than the one in front of it gives
  void add(const family::DenseModule& module);
  void add(const family::LayerNormModule& module);
  void add_normalize();

  bool empty() const noexcept { return steps_.empty(); }
  std::size_t in() const noexcept { return in_; }
  std::size_t out() const noexcept { return out_; }

  /// [n, in] to [n, out].
  std::vector<float> run(std::vector<float> rows) const;

  class Step {
   public:
    virtual ~Step() = default;
    virtual void run(std::vector<float>& rows) const = 0;
  };

 private:
  std::size_t in_;
  std::size_t out_;
  std::vector<std::shared_ptr<const Step>> steps_;
};

}  // namespace bertrt::tasks
