#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "batch/batch.h"
#include "batch/wanted_rows.h"
#include "bertrt/output.h"
#include "engine/packed/encoder.h"
#include "engine/packed/head.h"
#include "engine/packed/packed_engine.h"
#include "engine/packed/workspace.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// One call of the engine: shares the batch out, sends it slice by slice through the encoder, and the rows that are
/// wanted through the head. Lives for the call.
class Pass {
 public:
  /// @param head  null: the model has none
  Pass(const Encoder& encoder, const Head* head, const batch::Batch& batch, const RunRequest& request,
       WorkspacePool& workspaces, kernels::ThreadPool& pool);

  EncoderOutput run(const PackedTuning& tuning);

 private:
  void choose_rows();
  void run_encoder(const PackedTuning& tuning);
  void run_texts(std::span<const std::size_t> texts, std::size_t slice_tokens, Workspace& workspace,
                 kernels::ThreadPool& pool);
  void run_slice(const Slice& slice, Workspace& workspace, kernels::ThreadPool& pool);
  std::span<const std::size_t> wanted_of(const Slice& slice, std::size_t text) const;
  void run_pooler(EncoderOutput& output);
  void run_head(EncoderOutput& output);
  void run_span_head(EncoderOutput& output);
  void split_layers(EncoderOutput& output);

  /// The last hidden state of a row of the batch.
  const float* last_row(std::size_t row) const;
  /// Calls use(rows, first, count) for blocks of neighbouring entries of `wanted`, copied together.
  template <typename Use>
  void for_blocks(std::span<const std::size_t> wanted, const Use& use);

  const Encoder& encoder_;
  const Head* head_;
  const batch::Batch& batch_;
  const RunRequest& request_;
  WorkspacePool& workspaces_;
  WorkspacePool::Lease lease_;
  Workspace& workspace_;
  kernels::ThreadPool& pool_;

  bool pooled_ = false;
  bool logits_ = false;
  std::vector<std::vector<float>> layers_;  ///< [layers wanted]: [total_tokens, hidden]
  batch::WantedRows token_rows_;            ///< rows that a token or span head reads
  float* kept_ = nullptr;                   ///< last hidden states of workspace_.wanted, when layers_ is empty
};

}  // namespace bertrt::engine::packed
