#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "batch/output_builder.h"
#include "engine/graph/fast_operators.h"
#include "engine/graph/offers.h"
#include "family/trace.h"
#include "graph/evaluate.h"

namespace bertrt::engine::graph {

/// Runs a trace's own operators for one text at a time, as far as some outputs need them. Immutable; any number of
/// calls at once.
class OperatorsRun {
 public:
  /// @param given  slots that the caller brings (an encoder's states): what makes them is not run
  /// @param fast   with fast kernels; without them it is the plain evaluation alone
  OperatorsRun(std::shared_ptr<const family::Trace> trace, std::vector<bertrt::graph::Slot> given,
               std::size_t memory_budget, bool fast);

  /// What a set of outputs needs.
  struct Plan {
    std::vector<bertrt::graph::Slot> outputs;
    std::vector<std::uint8_t> wanted;         ///< by instruction
    std::vector<bertrt::graph::Slot> needed;  ///< of the given slots: those that are read
  };
  std::shared_ptr<const Plan> plan(std::vector<bertrt::graph::Slot> outputs) const;

  /// What one text brings.
  struct Text {
    std::vector<bertrt::graph::Value> arguments;   ///< of the program
    std::vector<bertrt::graph::Value> given = {};  ///< values of Plan::needed, in its order
  };
  /// @return values of plan.outputs. @throws Error runtime; before it starts where it would need more memory than the
  ///         budget, or more steps than any model of its size
  std::vector<bertrt::graph::Tensor> run(const Plan& plan, const Text& text, kernels::ThreadPool& pool) const;
  /// Each text's, side by side: as many at one time as there are threads, and as the memory budget has room for.
  std::vector<std::vector<bertrt::graph::Tensor>> run(const Plan& plan, std::span<const Text> texts,
                                                      kernels::ThreadPool& pool) const;

 private:
  std::vector<std::pair<bertrt::graph::Slot, bertrt::graph::Value>> given_of(const Plan& plan, const Text& text) const;
  /// `given` outlives the options.
  bertrt::graph::EvaluateOptions options_for(
      const Plan& plan, const Text& text,
      std::span<const std::pair<bertrt::graph::Slot, bertrt::graph::Value>> given) const;
  /// What a text's run holds at most. @throws Error out_of_resources: more than the budget
  std::size_t peak_bytes(const Plan& plan, const Text& text) const;
  double work_budget(std::span<const bertrt::graph::Value> arguments) const;

  std::shared_ptr<const family::Trace> trace_;
  std::vector<bertrt::graph::Slot> given_;
  std::size_t memory_budget_;
  double weights_;  // how many numbers the file's tensors have
  std::optional<FastOperators> fast_;
  std::vector<bertrt::graph::Value> shapes_;  // by slot, of one evaluation: what shares bytes
  mutable std::mutex mutex_;
  mutable std::map<std::vector<bertrt::graph::Slot>, std::shared_ptr<const Plan>> plans_;
  /// What a run holds at most, by its outputs and its arguments' sizes.
  mutable std::map<std::pair<std::vector<bertrt::graph::Slot>, std::vector<std::int64_t>>, std::size_t> peaks_;
};

/// One text's output without its batch axis.
/// @param tokens  of which nothing but the first are kept along the first axis behind that; nothing: all of it is
bertrt::graph::Tensor of_text(const bertrt::graph::Tensor& tensor, std::optional<std::size_t> tokens);

/// The same as floats, into `builder`.
void add_output(batch::OutputBuilder& builder, std::size_t output, std::size_t text,
                const bertrt::graph::Tensor& tensor, std::optional<std::size_t> tokens);

}  // namespace bertrt::engine::graph
