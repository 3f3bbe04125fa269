#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "batch/batch.h"
#include "batch/output_builder.h"
#include "engine/packed/head.h"
#include "engine/packed/packed_model.h"

namespace bertrt::engine::packed {

/// Where an output comes from in a packed model.
struct PackedSource {
  enum class Kind { state, pooled, head };
  Kind kind = Kind::state;
  std::size_t index = 0;                   ///< of the state (layers from 1) or the head
  std::optional<std::size_t> column = {};  ///< of a head whose columns are given apart
};

/// What one run asks of a packed model, and how its result becomes outputs. First everything that is wanted, then the
/// run, then what it gave.
class PackedOutputs {
 public:
  /// All must outlive this object.
  PackedOutputs(const PackedModel& model, const batch::Batch& batch, batch::OutputBuilder& builder)
      : model_(model), batch_(batch), builder_(builder) {}

  /// @param all_rows  of a head that reads tokens: not only those that the request names
  void want(const PackedSource& source, bool all_rows);
  const PackedRequest& request();

  void add(std::size_t output, const PackedSource& source, bool all_rows, const PackedOutput& done);

  /// A state's place in PackedOutput::states.
  std::size_t state(std::size_t index) const;

 private:
  void add_head(std::size_t output, const PackedSource& source, bool all_rows, const PackedOutput& done,
                std::size_t text);
  std::size_t head(std::size_t index) const;

  const PackedModel& model_;
  const batch::Batch& batch_;
  batch::OutputBuilder& builder_;
  PackedRequest request_;
};

}  // namespace bertrt::engine::packed
