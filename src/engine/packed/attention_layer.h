#pragma once

#include <cstddef>
#include <span>

#include "engine/packed/disentangled_attention.h"
#include "engine/packed/relative_bias.h"
#include "engine/packed/slice.h"
#include "kernels/linear_scratch.h"
#include "kernels/ops/narrow_attention.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// How a layer attends.
struct AttentionCall {
  std::size_t width = 0;  ///< values of all heads together
  std::size_t heads = 0;
  float scale = 1;         ///< of the products of query and key
  bool takes_mask = true;  ///< false: every token is attended to, whatever the batch's mask says
  std::size_t window = 0;  ///< keys at most so far away are seen; 0: all. None with a bias or `disentangled`
  bool causal = false;     ///< a token sees itself and those before it; then no window, bias or `disentangled`
  const RelativeBias& bias;
  std::span<const float> slopes = {};                   ///< family::EncoderSpec::slopes; then no other bias
  const DisentangledAttention* disentangled = nullptr;  ///< null: positions give no scores of their own
  std::size_t layer = 0;                                ///< of `disentangled`
  kernels::ops::AttentionKernel kernel = {};            ///< of the weights' dtype
};

/// Attention of every text of the slice with itself.
///
/// The work is cut into one part a thread at equal cost, along (text, head, query rows), so that all threads are busy
/// to the end whatever the lengths are. The result's bits do not depend on the cut.
/// @param qkv      [tokens, 3 width]: query, key, value of each token
/// @param context  [tokens, width]
/// Rows stand row_pitch() of their width apart in both.
void attend(const Slice& slice, const float* qkv, const AttentionCall& call, kernels::ThreadPool& pool,
            kernels::AlignedBuffer& scratch, float* context);

}  // namespace bertrt::engine::packed
