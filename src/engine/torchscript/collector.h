#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "batch/batch.h"
#include "batch/groups.h"
#include "bertrt/output.h"
#include "engine/torchscript/outputs.h"

namespace bertrt::engine::torchscript {

/// Puts the rows of dense groups back into the caller's order, without padding. One object a run.
class Collector {
 public:
  /// @param request  its logit_rows are below the batch's number of tokens
  Collector(const batch::Batch& batch, const RunRequest& request);

  /// The rows of `logit_rows` that lie in a group: (row of the dense [texts × length], row of the answer).
  using RowPairs = std::vector<std::pair<std::int64_t, std::size_t>>;
  RowPairs logit_rows_in(const batch::Group& group, std::size_t length) const;

  /// Copies what the request asks for. Logits of [rows, length, classes] are cut down to the rows wanted.
  void add(const batch::Group& group, const Unpacked& outputs, std::size_t length);
  /// Logits [pairs.size(), classes] that a head computed for the pairs' rows alone.
  void add_logit_rows(const RowPairs& pairs, const at::Tensor& logits);

  EncoderOutput finish() &&;

 private:
  void add_tokens(const batch::Group& group, const at::Tensor& tensor, std::size_t length, std::vector<float>& rows,
                  std::size_t width) const;
  void add_texts(const batch::Group& group, const at::Tensor& tensor, std::optional<Matrix>& matrix) const;

  const batch::Batch& batch_;
  const RunRequest& request_;
  RowPairs wanted_;  ///< (row of the batch, row of the answer), sorted; every row when the request names none
  std::vector<std::vector<float>> layers_;
  std::size_t hidden_ = 0;
  EncoderOutput out_;
  std::vector<float> start_;
  std::vector<float> end_;
};

}  // namespace bertrt::engine::torchscript
