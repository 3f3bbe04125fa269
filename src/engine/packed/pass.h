#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "batch/batch.h"
#include "engine/packed/encoder.h"
#include "engine/packed/head.h"
#include "engine/packed/packed_model.h"
#include "engine/packed/workspace.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// One call of the model: shares the batch out, sends it slice by slice through the encoder, and the rows that are
/// wanted through the heads. Lives for the call.
class Pass {
 public:
  /// @param request  checked by now
  Pass(const Encoder& encoder, std::span<const std::unique_ptr<const Head>> heads, const batch::Batch& batch,
       const PackedRequest& request, WorkspacePool& workspaces, kernels::ThreadPool& pool);

  PackedOutput run(const PackedTuning& tuning);

 private:
  const Head& head_of(const PackedRequest::HeadRows& wanted) const { return *heads_[wanted.head]; }
  void choose_rows();
  void run_encoder(const PackedTuning& tuning);
  void run_texts(std::span<const std::size_t> texts, std::size_t slice_tokens, Workspace& workspace,
                 kernels::ThreadPool& pool);
  void run_slice(const Slice& slice, Workspace& workspace, kernels::ThreadPool& pool);
  void keep_state(const Slice& slice, std::size_t state, const float* rows, std::size_t stride);
  void keep_last_rows(const Slice& slice, const float* rows, std::size_t stride);
  std::span<const std::size_t> wanted_of(const Slice& slice, std::size_t text) const;
  Matrix run_pooler();
  Matrix run_head(const PackedRequest::HeadRows& wanted, const Matrix& pooled);
  Matrix run_rows(const Head& head, const Matrix& rows);
  Matrix run_tokens(const Head& head, std::span<const std::size_t> rows);
  template <typename RowOf>
  Matrix means(std::size_t width, const RowOf& row_of) const;

  /// The first row of each text.
  std::span<const std::size_t> first_rows() const { return {batch_.row_offsets->data(), batch_.size()}; }
  std::span<const std::size_t> all_rows();
  /// The row of each text that such a head reads.
  std::vector<std::size_t> last_tokens(const Head& head) const;
  /// The last state of a row of the batch.
  const float* last_row(std::size_t row) const;
  /// Calls use(rows, first, count) for blocks of neighbouring entries of `wanted`, copied together.
  template <typename Use>
  void for_blocks(std::span<const std::size_t> wanted, const Use& use);

  const Encoder& encoder_;
  std::span<const std::unique_ptr<const Head>> heads_;
  const batch::Batch& batch_;
  const PackedRequest& request_;
  WorkspacePool& workspaces_;
  WorkspacePool::Lease lease_;
  Workspace& workspace_;
  kernels::ThreadPool& pool_;
  const kernels::ThreadPool::Caller caller_;
  const std::size_t width_;

  std::vector<std::vector<float>> states_;  ///< as in the request: [total_tokens, hidden]
  bool has_last_ = false;                   ///< the last state is among them
  bool pooled_ = false;                     ///< wanted, by the caller or by a head
  std::vector<std::size_t> all_rows_;       ///< 0, 1, 2, …, where a head reads every token
  float* kept_ = nullptr;                   ///< last state of workspace_.wanted, unless has_last_
};

}  // namespace bertrt::engine::packed
