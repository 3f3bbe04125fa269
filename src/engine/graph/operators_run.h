#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

  using Arguments = std::vector<bertrt::graph::Value>;  ///< of the program, for one text
  /// A text's values of Plan::needed, in its order. Asked by several threads at once.
  using GivenAt = std::function<std::vector<bertrt::graph::Value>(std::size_t text)>;
  /// Each text's values of plan.outputs. Texts run side by side: as many at one time as there are threads, and as the
  /// memory budget has room for.
  /// @param given_at  may be empty where nothing is needed
  /// @throws Error runtime; before anything runs where a text would need more memory than the budget, or more steps
  ///         than any model of its size
  std::vector<std::vector<bertrt::graph::Tensor>> run(const Plan& plan, std::span<const Arguments> texts,
                                                      const GivenAt& given_at, kernels::ThreadPool& pool) const;

 private:
  using Given = std::vector<std::pair<bertrt::graph::Slot, bertrt::graph::Value>>;
  Given given_of(const Plan& plan, const GivenAt& given_at, std::size_t text) const;
  /// What the spans of the options point at outlives them.
  bertrt::graph::EvaluateOptions options_for(const Plan& plan, const Arguments& arguments, const Given& given) const;
  /// What a text's run holds at most. @throws Error out_of_resources: more than the budget
  std::size_t peak_bytes(const Plan& plan, std::span<const Arguments> texts, const GivenAt& given_at,
                         std::size_t text) const;
  std::vector<bertrt::graph::Tensor> run_one(const Plan& plan, const Arguments& arguments, const Given& given,
                                             kernels::ThreadPool& pool) const;
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
