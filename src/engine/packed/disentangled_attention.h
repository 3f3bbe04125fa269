#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "family/encoder_spec.h"
#include "kernels/linear_scratch.h"
#include "kernels/ops/narrow_attention.h"
#include "kernels/ops/position_scores.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// Attention whose scores depend on distances and on what stands there, DeBERTa's and BERT's "relative_key": every
/// layer's tables of positions, projected once because they depend on no text, and which of their rows stands for a
/// distance. Immutable; holds nothing of the file behind the spec.
class DisentangledAttention {
 public:
  /// @param spec  without `disentangled` and its layers' `distances`, positions give no scores
  /// @throws Error model_mismatch (sizes that do not fit each other), unsupported
  DisentangledAttention(const family::EncoderSpec& spec, kernels::ThreadPool& pool);

  /// softmax(scale * Q Kᵀ + positions) V for the task's rows. Under MaskKind::pairs, a query whose own mask is 0 sees
  /// all keys evenly.
  /// @param task     without a bias
  /// @param scratch  scratch_size() values, 64-byte aligned, contents undefined
  void attend(const kernels::ops::AttentionTask& task, std::size_t layer, std::size_t head,
              const kernels::ops::AttentionKernel& kernel, float* scratch) const;

  /// fp32 values of scratch that attend() needs for texts up to `length`.
  std::size_t scratch_size(std::size_t length, const kernels::ops::AttentionKernel& kernel) const;

 private:
  struct Layer {
    kernels::AlignedBuffer by_query;  ///< [heads, or 1 for all of them][a packed table]; empty: the layer has none
    kernels::AlignedBuffer by_key;
  };

  void read_disentangled(const family::EncoderSpec& spec, kernels::ThreadPool& pool);
  void read_distances(const family::DistanceSpec& spec, Layer& to);
  void read_rows(const std::vector<std::int32_t>& rows, const std::string& name);
  void project(const std::vector<float>& table, const family::Dense& dense, float scale, bool reversed,
               kernels::ThreadPool& pool, kernels::AlignedBuffer& to) const;
  const float* table_of(const kernels::AlignedBuffer& tables, std::size_t head) const;
  static void attend_stretches(kernels::ops::AttentionTask task, kernels::ops::PositionTask positions,
                               const kernels::ops::AttentionKernel& kernel, float* scratch);

  std::size_t hidden_ = 0;
  std::size_t heads_ = 0;
  bool pairs_ = false;        ///< family::MaskKind::pairs
  bool heads_share_ = false;  ///< a layer's table is that of all of its heads
  std::size_t table_rows_ = 0;
  std::ptrdiff_t reach_ = 1;
  std::ptrdiff_t even_ = 0;
  /// By distance + reach - 1: of tables read by queries, whose rows are in reverse and whose distance is key - query;
  /// and of those read by keys, by query - key.
  std::vector<std::int32_t> query_rows_;
  std::vector<std::int32_t> key_rows_;
  std::vector<Layer> layers_;
};

}  // namespace bertrt::engine::packed
