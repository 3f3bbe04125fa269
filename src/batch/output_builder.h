#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "batch/batch.h"
#include "batch/wanted_rows.h"
#include "bertrt/output.h"

namespace bertrt::batch {

/// Puts what an engine computes, text by text in any order and without padding, together as a request wants it. One
/// object a run.
class OutputBuilder {
 public:
  /// @param outputs  what the engine gives, as SessionInfo::outputs has it; all three must outlive this object
  /// @throws Error invalid_argument for wanted tokens that the batch has not
  OutputBuilder(const Batch& batch, const RunRequest& request, std::span<const OutputInfo> outputs);

  /// Whether the request wants an output at all: what nobody wants need not be added.
  bool wants(std::size_t output) const;

  /// One text's value of an output.
  /// @param shape  for this text alone: no batch axis, no padding
  /// @param data   row-major
  /// @throws Error runtime for a shape that the output's role cannot have
  void add(std::size_t output, std::size_t text, std::span<const std::size_t> shape, std::span<const float> data);

  /// The same for token logits that were computed for the wanted rows of the text alone: [wanted rows, width].
  void add_wanted(std::size_t output, std::size_t text, std::size_t width, std::span<const float> rows);

  const WantedRows& wanted() const noexcept { return wanted_; }

  EncoderOutput finish() &&;

 private:
  struct Rows {
    std::size_t width = 0;
    std::vector<float> data;
  };

  [[noreturn]] void reject(std::size_t output, std::size_t text, std::span<const std::size_t> shape) const;
  /// The text's part of `rows`, made large enough for `total` rows of `width`. Null: another width than before.
  static float* place(Rows& rows, std::size_t total, std::size_t width, std::size_t row);

  const Batch& batch_;
  const RunRequest& request_;
  std::span<const OutputInfo> outputs_;
  WantedRows wanted_;
  std::size_t last_hidden_ = 0;                ///< index of the last hidden state among the outputs
  std::vector<Rows> rows_;                     ///< by output; empty where it is not wanted or in `more`
  std::vector<std::vector<TextTensor>> more_;  ///< by output, likewise
};

}  // namespace bertrt::batch
