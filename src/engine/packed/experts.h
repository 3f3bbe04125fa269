#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/packed/packer.h"
#include "family/encoder_spec.h"
#include "kernels/linear.h"
#include "kernels/linear_scratch.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// A feed-forward of experts: each row goes through those that the router gives the most for, and their results are
/// added, each times its share. A row's result does not depend on the rows beside it.
class Experts {
 public:
  /// Checks the spec and gives its weights to the packer: whole when the packer has run; must not be moved until then.
  /// @param dtype  of the experts' products; the router's are fp32, since its choice is not to be rounded
  /// @throws Error model_mismatch
  Experts(const family::ExpertsSpec& spec, std::size_t hidden, DType dtype, Packer& packer);

  /// @param x       [rows, hidden], `stride` apart
  /// @param inner   [rows, inner()], row_pitch(inner()) apart: room
  /// @param to      [rows, hidden], `stride` apart; must not overlap x
  /// @param memory  room that grows to what is needed
  void run(const float* x, std::size_t rows, std::size_t stride, kernels::Activation activation, float* inner,
           float* to, kernels::AlignedBuffer& memory, kernels::ThreadPool& pool, kernels::Scratch& scratch) const;

  std::size_t inner() const noexcept { return inner_; }

 private:
  struct Expert {
    std::shared_ptr<const kernels::Linear> in;
    std::shared_ptr<const kernels::Linear> out;
  };

  std::size_t hidden_;
  std::size_t inner_;
  std::size_t chosen_;
  std::vector<float> bias_;  ///< [hidden]
  std::shared_ptr<const kernels::Linear> router_;
  std::vector<Expert> experts_;
};

}  // namespace bertrt::engine::packed
