#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "batch/batch.h"
#include "batch/groups.h"
#include "batch/output_builder.h"
#include "bertrt/output.h"
#include "engine/torchscript/outputs.h"

namespace bertrt::engine::torchscript {

/// Puts the rows of dense groups back into the caller's order, without padding. One object a run.
class Collector {
 public:
  /// @param outputs  what the engine gives: the plan's, with the head's logits at `head` where it has a head
  Collector(const batch::Batch& batch, const RunRequest& request, const OutputPlan& plan,
            std::span<const OutputInfo> outputs, std::optional<std::size_t> head);

  /// Copies what the request asks for.
  void add(const batch::Group& group, const Unpacked& outputs);

  bool wants_head() const { return head_ && builder_.wants(*head_); }
  /// The rows of the dense [texts × length] whose logits are wanted, text after text.
  std::vector<std::int64_t> head_rows(const batch::Group& group, std::size_t length) const;
  /// Logits [rows, classes] that the head computed for these rows.
  void add_head(const batch::Group& group, const at::Tensor& logits);

  EncoderOutput finish() && { return std::move(builder_).finish(); }

 private:
  const batch::Batch& batch_;
  const OutputPlan& plan_;
  std::optional<std::size_t> head_;
  batch::OutputBuilder builder_;
};

}  // namespace bertrt::engine::torchscript
