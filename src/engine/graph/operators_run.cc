#include "engine/graph/operators_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bertrt/error.h"
#include "graph/evaluate.h"
#include "graph/slices.h"

namespace bertrt::engine::graph {

using bertrt::graph::Slot;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

OperatorsRun::OperatorsRun(std::shared_ptr<const family::Trace> trace, std::vector<Slot> given,
                           std::size_t memory_budget, bool fast)
    : trace_(std::move(trace)), given_(std::move(given)), memory_budget_(memory_budget) {
  if (fast) fast_.emplace(*trace_->program);
  bertrt::graph::EvaluateOptions options;
  options.shapes_only = true;
  options.keep_slots = true;
  shapes_ = bertrt::graph::evaluate(*trace_->program, trace_->example_arguments(), options).slots;
}

std::shared_ptr<const OperatorsRun::Plan> OperatorsRun::plan(std::vector<Slot> outputs) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = plans_.find(outputs); found != plans_.end()) return found->second;
  auto made = std::make_shared<Plan>();
  made->wanted = bertrt::graph::needed_instructions(*trace_->program, outputs, given_, shapes_);
  std::set<Slot> read(outputs.begin(), outputs.end());
  for (std::size_t i = 0; i < made->wanted.size(); ++i) {
    if (made->wanted[i] == 0) continue;
    for (const auto& argument : trace_->program->instructions[i].arguments) read.insert(argument.slot);
  }
  for (const Slot slot : given_) {
    if (read.contains(slot)) made->needed.push_back(slot);
  }
  made->outputs = outputs;
  plans_.emplace(std::move(outputs), made);
  return made;
}

std::vector<Tensor> OperatorsRun::run(const Plan& plan, std::span<const Value> arguments, std::span<const Value> given,
                                      kernels::ThreadPool& pool) const {
  std::vector<std::pair<Slot, Value>> there;
  for (std::size_t i = 0; i < plan.needed.size(); ++i) there.emplace_back(plan.needed[i], given[i]);
  bertrt::graph::EvaluateOptions options;
  options.wanted = plan.wanted;
  options.given = there;
  options.keep = plan.outputs;
  options.memory_budget = memory_budget_;
  if (fast_) {
    options.substitute = [&](const bertrt::graph::Event& event, Value& result) { return fast_->run(event, result, pool); };
  }
  bertrt::graph::Evaluation done = bertrt::graph::evaluate(*trace_->program, arguments, options);
  std::vector<Tensor> outputs;
  for (const Value& value : done.kept) {
    if (value.tensor() == nullptr) {
      throw Error(ErrorCode::runtime, "the trace's result", "a tensor", bertrt::graph::describe(value));
    }
    outputs.push_back(*value.tensor());
  }
  return outputs;
}

void add_output(batch::OutputBuilder& builder, std::size_t output, std::size_t text, const Tensor& tensor,
                std::size_t own_length, std::size_t padded_length) {
  bertrt::graph::Sizes sizes = tensor.sizes();
  bertrt::graph::Sizes strides = tensor.strides();
  if (!sizes.empty() && sizes[0] == 1) {
    sizes.erase(sizes.begin());
    strides.erase(strides.begin());
  }
  if (own_length != padded_length) {
    for (std::int64_t& size : sizes) {
      if (size == static_cast<std::int64_t>(padded_length)) {
        size = static_cast<std::int64_t>(own_length);
        break;
      }
    }
  }
  const std::vector<float> data = bertrt::graph::to_floats(tensor.view_as(sizes, strides, tensor.offset()));
  const std::vector<std::size_t> shape(sizes.begin(), sizes.end());
  builder.add(output, text, shape, data);
}

}  // namespace bertrt::engine::graph
