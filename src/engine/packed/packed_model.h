#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "family/encoder_spec.h"

namespace bertrt::kernels {
class ThreadPool;
}

namespace bertrt::engine::packed {

class Encoder;
class Head;
class WorkspacePool;

/// What only measurements and tests change.
struct PackedTuning {
  /// Texts go through all layers together as long as they have no more tokens than this (a longer text goes alone):
  /// bounds the memory of a pass.
  std::size_t slice_tokens = 1024;
  /// The same where each thread has texts of its own.
  std::size_t share_slice_tokens = 192;
  /// Whose threads do the work; must outlive the model. Null: the process's.
  kernels::ThreadPool* pool = nullptr;
};

/// What is wanted of a run. *Rows* are the batch's tokens, text after text, as Batch::row_offsets counts them.
struct PackedRequest {
  struct HeadRows {
    std::size_t head = 0;  ///< which of the heads that the model was packed with
    /// For a head that reads tokens: the rows that it is wanted for, in any order; nullopt: all. The others give a row
    /// for each text, and take none.
    std::optional<std::span<const std::size_t>> rows = {};
  };

  /// Hidden states that are wanted of every token, ascending: 0 is what the first layer reads (the embeddings,
  /// normalized and projected), i the output of layer i, counted from 1.
  std::vector<std::size_t> states = {};
  /// Rows of the last state that are wanted by themselves, in any order: where `states` has not the last, its layer
  /// runs for these and the heads' rows alone.
  std::span<const std::size_t> last_rows = {};
  bool pooled = false;  ///< the pooler's output
  std::vector<HeadRows> heads = {};
};

/// What a run gives: what was asked for, in that order.
struct PackedOutput {
  std::vector<TokenRows> states;  ///< [total_tokens, hidden] each
  Matrix last_rows;               ///< [rows, hidden]
  std::optional<Matrix> pooled;   ///< [texts, pooled]
  std::vector<Matrix> heads;      ///< [rows or texts, classes] each
};

/// An encoder and any number of heads on it, packed for this machine: ragged batches in, what is asked for out.
///
/// Everything that it computes is decided by the specs' fields. Nothing of the bytes behind them is kept. Immutable:
/// run() may be called from many threads at once.
class PackedModel {
 public:
  /// Packs on all threads of the shared pool.
  /// @param dtype  of the layers' products; embeddings, attention, norms, pooler and heads are fp32
  /// @throws Error model_mismatch where sizes do not fit each other, unsupported, out_of_resources
  static std::unique_ptr<const PackedModel> pack(const family::EncoderSpec& encoder,
                                                 std::span<const family::HeadSpec> heads, DType dtype,
                                                 const PackedTuning& tuning = {});
  PackedModel(const PackedModel&) = delete;
  PackedModel& operator=(const PackedModel&) = delete;
  ~PackedModel();

  /// The answer for a text, and its bits, do not depend on the other texts of the batch.
  /// @throws Error invalid_argument (an id, type, position or row out of range, states that do not ascend),
  ///         input_too_long, unsupported (a pooled output that the model has not), out_of_resources
  PackedOutput run(const batch::Batch& batch, const PackedRequest& request) const;

  /// What its weights hold that nobody expects (values that are no finite numbers), in words.
  const std::vector<std::string>& findings() const noexcept { return findings_; }

  std::size_t layers() const noexcept;
  std::size_t hidden() const noexcept;
  std::size_t pooled() const noexcept;      ///< values of the pooled output; 0: there is none
  std::size_t max_length() const noexcept;  ///< tokens of the longest text; 0: no limit
  std::size_t heads() const noexcept { return heads_.size(); }
  std::size_t classes(std::size_t head) const;
  family::HeadSpec::Reads reads(std::size_t head) const;

 private:
  PackedModel();
  void check(const batch::Batch& batch, const PackedRequest& request) const;

  PackedTuning tuning_;
  std::unique_ptr<const Encoder> encoder_;
  std::vector<std::unique_ptr<const Head>> heads_;
  std::vector<std::string> findings_;
  std::unique_ptr<WorkspacePool> workspaces_;
};

}  // namespace bertrt::engine::packed
