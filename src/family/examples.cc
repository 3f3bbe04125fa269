#include "family/examples.h"

#include <algorithm>
#include <string_view>

#include "bertrt/error.h"
#include "family/instance.h"

namespace bertrt::family {
namespace {

using graph::ElementType;
using graph::torchscript::TracedInput;

constexpr std::size_t kMostTries = 24;  // four inputs of four kinds: each try costs what reading the program once does

bool same_kind(const TracedInput& a, const TracedInput& b) { return a.type == b.type && a.shape == b.shape; }

ElementType widened(ElementType type) {
  return type == ElementType::float16 || type == ElementType::bfloat16 ? ElementType::float32 : type;
}

bool is_looked_up(std::string_view name) {
  return name == "input_ids" || name == "token_type_ids" || name == "position_ids";
}

bool runs(const graph::Program& program, const std::vector<const TracedInput*>& order) {
  std::vector<graph::Value> arguments;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ElementType type = widened(*order[i]->type);
    if (is_looked_up(program.inputs[i].name) && (graph::is_floating(type) || order[i]->shape.size() != 2)) return false;
    graph::Tensor tensor = graph::Tensor::make(type, order[i]->shape);
    tensor.storage()->varies = true;
    arguments.emplace_back(std::move(tensor));
  }
  try {
    const Instance instance(program, std::move(arguments));
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::runtime && error.code() != ErrorCode::unsupported) throw;
    return false;
  }
}

}  // namespace

std::vector<const TracedInput*> assign_examples(const graph::Program& program,
                                                const std::vector<TracedInput>& examples) {
  if (examples.size() != program.inputs.size()) return {};
  if (!std::all_of(examples.begin(), examples.end(), [](const TracedInput& one) { return one.type.has_value(); })) {
    return {};
  }
  // Each example as the number of its kind, so that equal ones are not tried twice.
  std::vector<std::size_t> kinds;
  for (const TracedInput& one : examples) {
    const auto first =
        std::find_if(examples.begin(), examples.end(), [&](const TracedInput& other) { return same_kind(one, other); });
    kinds.push_back(static_cast<std::size_t>(first - examples.begin()));
  }
  std::sort(kinds.begin(), kinds.end());
  std::vector<const TracedInput*> found;
  std::size_t tries = 0;
  do {
    if (tries++ == kMostTries) return {};
    std::vector<const TracedInput*> order;
    for (const std::size_t kind : kinds) order.push_back(&examples[kind]);
    if (!runs(program, order)) continue;
    if (!found.empty()) return {};
    found = std::move(order);
  } while (std::next_permutation(kinds.begin(), kinds.end()));
  return found;
}

}  // namespace bertrt::family
