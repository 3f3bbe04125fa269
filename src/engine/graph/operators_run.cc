#include "engine/graph/operators_run.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <utility>

#include "bertrt/error.h"
#include "graph/evaluate.h"
#include "graph/slices.h"

namespace bertrt::engine::graph {

using bertrt::graph::Slot;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

namespace {

// Each storage's once, however many views of it there are.
double numbers_of(const bertrt::graph::Program& program) {
  double numbers = 0;
  std::set<const void*> storages;
  for (const bertrt::graph::Constant& constant : program.constants) {
    const Tensor* tensor = constant.value.tensor();
    if (tensor == nullptr || !tensor->defined() || !storages.insert(tensor->storage().get()).second) continue;
    numbers += static_cast<double>(tensor->storage()->elements());
  }
  return numbers;
}

}  // namespace

OperatorsRun::OperatorsRun(std::shared_ptr<const family::Trace> trace, std::vector<Slot> given,
                           std::size_t memory_budget, bool fast)
    : trace_(std::move(trace)),
      given_(std::move(given)),
      memory_budget_(memory_budget),
      weights_(numbers_of(*trace_->program)) {
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

OperatorsRun::Given OperatorsRun::given_of(const Plan& plan, const GivenAt& given_at, std::size_t text) const {
  Given given;
  if (plan.needed.empty()) return given;
  std::vector<Value> values = given_at(text);
  for (std::size_t i = 0; i < plan.needed.size(); ++i) given.emplace_back(plan.needed[i], std::move(values[i]));
  return given;
}

bertrt::graph::EvaluateOptions OperatorsRun::options_for(const Plan& plan, const Arguments& arguments,
                                                         const Given& given) const {
  bertrt::graph::EvaluateOptions options;
  options.wanted = plan.wanted;
  options.given = given;
  options.keep = plan.outputs;
  options.memory_budget = memory_budget_;
  options.work_budget = work_budget(arguments);
  return options;
}

std::size_t OperatorsRun::peak_bytes(const Plan& plan, std::span<const Arguments> texts, const GivenAt& given_at,
                                     std::size_t text) const {
  constexpr std::size_t kMostKept = 4096;
  std::pair<std::vector<Slot>, std::vector<std::int64_t>> key{plan.outputs, {}};
  for (const Value& argument : texts[text]) {
    if (const Tensor* tensor = argument.tensor()) {
      key.second.insert(key.second.end(), tensor->sizes().begin(), tensor->sizes().end());
    }
  }
  std::optional<std::size_t> peak;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = peaks_.find(key); found != peaks_.end()) peak = found->second;
  }
  if (!peak) {
    const Given given = given_of(plan, given_at, text);
    bertrt::graph::EvaluateOptions options = options_for(plan, texts[text], given);
    options.shapes_only = true;
    peak = bertrt::graph::evaluate(*trace_->program, texts[text], options).peak_bytes;
    const std::lock_guard lock(mutex_);
    if (peaks_.size() < kMostKept) peaks_.emplace(std::move(key), *peak);
  }
  if (*peak > memory_budget_) {
    throw Error(ErrorCode::out_of_resources, "SessionOptions::memory_budget",
                "at most " + std::to_string(memory_budget_) + " bytes for a text",
                std::to_string(*peak) + " bytes, which this one would need");
  }
  return *peak;
}

// An encoder multiplies each weight some ten times a token (ALBERT shares its layer), attention of a small one at 8192
// tokens comes to 200: code that takes far more than its file's numbers explain is refused, not waited for.
double OperatorsRun::work_budget(std::span<const Value> arguments) const {
  constexpr double kAtLeast = 2e8;
  constexpr double kPerWeightAndToken = 1000;
  std::int64_t tokens = 1;
  for (const Value& argument : arguments) {
    const Tensor* tensor = argument.tensor();
    if (tensor != nullptr && tensor->rank() >= 2) tokens = std::max(tokens, tensor->size(0) * tensor->size(1));
  }
  return kAtLeast + kPerWeightAndToken * weights_ * static_cast<double>(tokens);
}

std::vector<Tensor> OperatorsRun::run_one(const Plan& plan, const Arguments& arguments, const Given& given,
                                          kernels::ThreadPool& pool) const {
  bertrt::graph::EvaluateOptions options = options_for(plan, arguments, given);
  if (fast_) {
    options.substitute = [&](const bertrt::graph::Event& event, Value& result) {
      return fast_->run(event, result, pool);
    };
  }
  bertrt::graph::Evaluation done = bertrt::graph::evaluate(*trace_->program, arguments, options);
  // What is handed out is copied, and as a rule written down: a view of one number can be as large as anything.
  constexpr double kPerValue = 16;
  std::vector<Tensor> outputs;
  double values = 0;
  for (const Value& value : done.kept) {
    if (value.tensor() == nullptr) {
      throw Error(ErrorCode::runtime, "the trace's result", "a tensor", bertrt::graph::describe(value));
    }
    outputs.push_back(*value.tensor());
    values += static_cast<double>(outputs.back().elements());
  }
  if (values * kPerValue > options.work_budget) {
    throw Error(ErrorCode::out_of_resources, "the outputs of a text",
                "at most " + std::to_string(static_cast<std::int64_t>(options.work_budget / kPerValue)) +
                    " values for so few weights and tokens",
                std::to_string(static_cast<std::int64_t>(values)));
  }
  return outputs;
}

std::vector<std::vector<Tensor>> OperatorsRun::run(const Plan& plan, std::span<const Arguments> texts,
                                                   const GivenAt& given_at, kernels::ThreadPool& pool) const {
  std::size_t largest = 1;
  for (std::size_t i = 0; i < texts.size(); ++i) largest = std::max(largest, peak_bytes(plan, texts, given_at, i));
  const std::size_t at_once = std::min({texts.size(), pool.threads(), memory_budget_ / largest});
  std::vector<std::vector<Tensor>> outputs(texts.size());
  const auto one = [&](std::size_t i, kernels::ThreadPool& threads) {
    outputs[i] = run_one(plan, texts[i], given_of(plan, given_at, i), threads);
  };
  if (at_once == 1) {
    for (std::size_t i = 0; i < texts.size(); ++i) one(i, pool);
    return outputs;
  }
  std::atomic<std::size_t> next{0};
  pool.run(at_once, [&](std::size_t) {
    for (std::size_t i = next++; i < texts.size(); i = next++) one(i, kernels::ThreadPool::serial());
  });
  return outputs;
}

namespace {

// Whole numbers and truths (argmax, topk's indices) as floats, as far as those hold them.
std::vector<float> as_floats(const Tensor& tensor) {
  if (bertrt::graph::is_floating(tensor.type())) return bertrt::graph::to_floats(tensor);
  std::vector<float> floats;
  for (const std::int64_t value : bertrt::graph::to_integers(tensor)) {
    constexpr std::int64_t kMost = std::int64_t{1} << 24;
    const auto number = static_cast<float>(value);
    if (std::abs(static_cast<double>(value)) > kMost && static_cast<double>(number) != static_cast<double>(value)) {
      throw Error(ErrorCode::unsupported, "an output of whole numbers", "ones that float32 holds",
                  std::to_string(value));
    }
    floats.push_back(number);
  }
  return floats;
}

}  // namespace

Tensor of_text(const Tensor& tensor, std::optional<std::size_t> tokens) {
  bertrt::graph::Sizes sizes = tensor.sizes();
  bertrt::graph::Sizes strides = tensor.strides();
  if (!sizes.empty() && sizes[0] == 1) {
    sizes.erase(sizes.begin());
    strides.erase(strides.begin());
  }
  if (tokens && !sizes.empty()) sizes[0] = std::min(sizes[0], static_cast<std::int64_t>(*tokens));
  return tensor.view_as(sizes, strides, tensor.offset());
}

void add_output(batch::OutputBuilder& builder, std::size_t output, std::size_t text, const Tensor& tensor,
                std::optional<std::size_t> tokens) {
  const Tensor own = of_text(tensor, tokens);
  const std::vector<float> data = as_floats(own);
  const std::vector<std::size_t> shape(own.sizes().begin(), own.sizes().end());
  builder.add(output, text, shape, data);
}

}  // namespace bertrt::engine::graph
