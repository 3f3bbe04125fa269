#include "family/length_look.h"

#include <optional>
#include <set>

#include "family/terms.h"
#include "graph/evaluate.h"

namespace bertrt::family {
namespace {

std::optional<LengthLook::Slice> slice_of(const graph::Event& event) {
  const graph::Tensor* from = event.arguments[0].tensor();
  const std::int64_t* axis = event.arguments[1].integer();
  if (from == nullptr || axis == nullptr || from->rank() == 0) return std::nullopt;
  const auto number = [&](std::size_t i, std::int64_t fallback) {
    const std::int64_t* value = event.arguments[i].integer();
    return value != nullptr ? *value : fallback;
  };
  LengthLook::Slice slice;
  slice.from = from->sizes();
  slice.axis = static_cast<std::size_t>(*axis < 0 ? *axis + from->rank() : *axis);
  slice.first = number(2, 0);
  slice.end = event.op->name == "aten::narrow" ? slice.first + number(3, 0)
                                               : number(3, std::numeric_limits<std::int64_t>::max());
  return slice;
}

// Whether one axis alone is summed, and it has this size.
bool sums_over(const graph::Event& event, std::size_t size) {
  const graph::Tensor* from = event.arguments[0].tensor();
  if (from == nullptr || event.arguments.size() < 2) return false;
  const graph::List* axes = event.arguments[1].list();
  if (axes == nullptr || axes->items.size() != 1) return false;
  const std::int64_t* axis = axes->items[0].integer();
  if (axis == nullptr || from->rank() == 0) return false;
  return from->size(*axis < 0 ? *axis + from->rank() : *axis) == static_cast<std::int64_t>(size);
}

}  // namespace

LengthLook::LengthLook(const graph::Program& program, std::span<const graph::Value> arguments, std::size_t tokens)
    : length(tokens) {
  std::set<graph::Slot> sums;
  graph::EvaluateOptions options;
  options.shapes_only = true;
  options.observer = [&](const graph::Event& event) {
    const std::string_view name = event.op->name;
    const graph::Instruction& instruction = program.instructions[event.instruction];
    if (name == "aten::slice" || name == "aten::narrow") {
      if (const auto slice = slice_of(event)) slices[event.instruction] = *slice;
    } else if (name == "aten::mean") {
      const graph::Tensor* from = event.arguments[0].tensor();
      const graph::Tensor* to = event.result->tensor();
      if (from != nullptr && to != nullptr && from->elements() == 0 && to->elements() != 0) mean_of_nothing = true;
    } else if (name == "aten::sum") {
      if (sums_over(event, length)) sums.insert(instruction.outputs[0]);
    } else if (name == "aten::div" || name == "aten::true_divide") {
      if (sums.count(instruction.arguments[0].slot) == 0) return;
      if (const auto divisor = number(event.arguments[1])) shares[event.instruction] = *divisor;
    }
  };
  const graph::Evaluation done = graph::evaluate(program, arguments, options);
  baked_strides = done.baked_strides;
  for (const auto& [path, tensor] : graph::flatten(done.result)) outputs.push_back(tensor.sizes());
}

}  // namespace bertrt::family
