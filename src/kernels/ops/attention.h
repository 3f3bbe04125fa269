#pragma once

#include <cstddef>
#include <cstdint>

namespace bertrt::kernels::ops {

/// Some query rows of one head of one text.
struct AttentionTask {
  const float* query = nullptr;  ///< the head's part of the text's first row; likewise key and value
  const float* key = nullptr;
  const float* value = nullptr;
  std::size_t stride = 0;  ///< values from one token to the next in all three
  std::size_t length = 0;  ///< tokens of the text
  std::size_t head_size = 0;
  std::size_t row_begin = 0;  ///< query rows row_begin … row_end
  std::size_t row_end = 0;
  float scale = 1;                     ///< of the products, before the bias
  const std::int32_t* mask = nullptr;  ///< [length]: 0 for a key that nobody may see; null: all may be seen
  /// Bias of scores: bias[j + i * bias_stride] is added for query i and key j. A stride of -1 is a bias by distance
  /// alone; a mask to add has rows of its own. Each row is readable up to kAttentionColumns past its last key; null:
  /// none.
  const float* bias = nullptr;
  std::ptrdiff_t bias_stride = -1;
  float* out = nullptr;  ///< the head's part of the text's first row of results
  std::size_t out_stride = 0;
};

/// Scores are worked on in whole vectors: the most by which a row of them is rounded up.
inline constexpr std::size_t kAttentionColumns = 32;

/// fp32 values of scratch that attention() needs for texts up to `length`: beyond 512 tokens two more a token.
/// A multiple of kAttentionColumns, so that several threads' stretches stand aligned behind each other.
std::size_t attention_scratch_size(std::size_t length, std::size_t head_size);

/// softmax(scale * Q Kᵀ + bias) V for the task's rows, in fp32, with the maximum subtracted before exp.
///
/// 512 keys and their values are packed at a time, and a dozen query rows at a time scored against them: their scores
/// stay in the first-level cache. Where a text has more keys, each row's maximum and sum are carried along (online
/// softmax), and `out` holds what it has summed up. A value's bits do not depend on the task's rows.
/// @param scratch  attention_scratch_size() values, 64-byte aligned, contents undefined
void attention(const AttentionTask& task, float* scratch);

}  // namespace bertrt::kernels::ops
