#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/packed/slice.h"
#include "family/encoder_spec.h"
#include "kernels/linear_scratch.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// Rotary positions: cosines and sines of a slice's tokens, for each way of turning that the model's layers name.
class Rotary {
 public:
  Rotary() = default;
  /// @throws Error model_mismatch for more pairs than half of a head, or a frequency that is no number
  Rotary(std::span<const family::RotarySpec> specs, std::size_t head_size);

  bool empty() const noexcept { return specs_.empty(); }
  std::size_t size() const noexcept { return specs_.size(); }

  /// Computed once for all layers, from the batch's positions or by counting each text's tokens. @return in `memory`
  /// @throws Error invalid_argument for a position outside a file's table
  const float* angles(const Slice& slice, kernels::ThreadPool& pool, kernels::AlignedBuffer& memory) const;

  /// Turns the queries and keys (and values, where the spec says so) of all heads in place, by way `which`.
  /// @param qkv  [tokens, 3 hidden], row_pitch(3 hidden) apart
  void turn(std::size_t which, const float* angles, std::size_t tokens, std::size_t heads, float* qkv,
            kernels::ThreadPool& pool) const;

 private:
  std::vector<family::RotarySpec> specs_;
  std::size_t head_size_ = 0;
  std::size_t step_ = 0;             ///< values a token: cosines and sines of each spec, one behind the other
  std::vector<std::size_t> begins_;  ///< of each spec within them
};

}  // namespace bertrt::engine::packed
