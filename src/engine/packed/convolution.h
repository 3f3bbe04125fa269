#pragma once

#include <cstddef>
#include <memory>

#include "engine/packed/norm.h"
#include "engine/packed/slice.h"
#include "family/encoder_spec.h"
#include "kernels/linear.h"

namespace bertrt::engine::packed {

/// DeBERTa-v2's convolution beside the first layer. Immutable; holds nothing of the file behind the spec.
class Convolution {
 public:
  /// @param masks  tokens whose attention_mask is 0 are zeros; else the model takes none
  /// @param dtype  of its products
  /// @throws Error model_mismatch (sizes that do not fit each other), unsupported
  Convolution(const family::ConvolutionSpec& spec, std::size_t hidden, bool masks, DType dtype);

  /// Of what the first layer reads. @param rows  [tokens, hidden], row_pitch(hidden) apart
  /// @param memory  where the result lies: [tokens, hidden], likewise
  const float* run(const Slice& slice, const float* rows, kernels::ThreadPool& pool, kernels::AlignedBuffer& memory,
                   kernels::Scratch& scratch) const;

  /// What the first layer gave, + `convolved`, normalized, in place; zeros for masked tokens.
  void add(const Slice& slice, const float* convolved, float* rows, kernels::ThreadPool& pool) const;

 private:
  std::size_t hidden_;
  bool masks_;
  std::size_t half_ = 0;  ///< tokens that it reaches to either side
  std::shared_ptr<const kernels::Linear> linear_;
  kernels::Activation activation_;
  Norm norm_;
};

}  // namespace bertrt::engine::packed
