#include "family/other_length.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "family/among.h"
#include "graph/operator.h"

namespace bertrt::family {
namespace {

using graph::Instruction;
using graph::Slot;

constexpr std::string_view kPlaces[] = {
    "aten::slice",    "aten::narrow", "aten::select",   "aten::arange",   "aten::expand",       "aten::zeros",
    "aten::ones",     "aten::full",   "aten::repeat",   "aten::tile",     "aten::broadcast_to", "aten::new_zeros",
    "aten::new_ones", "aten::eye",    "aten::linspace", "aten::new_full", "aten::index_fill"};
constexpr std::string_view kViews[] = {"aten::view", "aten::reshape", "aten::unflatten"};

// Where the number stands for the length in the sizes of a view. Behind them is a head's size, or a token's.
enum class InViews { everywhere, but_last, nowhere };

// Lists that a view takes, and those that other operators take.
struct Lists {
  std::set<Slot> views;
  std::set<Slot> others;
};

Lists lists_of(const graph::Program& program) {
  Lists lists;
  for (const Instruction& one : program.instructions) {
    if (one.kind != Instruction::Kind::call) continue;
    std::set<Slot>& slots = among(kViews, one.op->name) ? lists.views : lists.others;
    for (const graph::Argument& argument : one.arguments) slots.insert(argument.slot);
  }
  return lists;
}

graph::Program replaced(const graph::Program& program, std::int64_t traced, std::int64_t length, InViews in_views) {
  graph::Program other = program;
  const Lists lists = lists_of(program);
  const auto is_wanted = [&](Slot list) {
    return lists.views.count(list) != 0 ? in_views != InViews::nowhere : lists.others.count(list) != 0;
  };
  const auto is_spared = [&](Slot list, std::size_t at, std::size_t size) {
    return in_views == InViews::but_last && at + 1 == size && lists.views.count(list) != 0;
  };
  std::set<Slot> numbers;
  for (graph::Constant& constant : other.constants) {
    if (const std::int64_t* number = constant.value.integer(); number != nullptr && *number == traced) {
      numbers.insert(constant.slot);
    }
    if (const graph::List* list = constant.value.list(); list != nullptr && is_wanted(constant.slot)) {
      std::vector<graph::Value> items = list->items;
      for (std::size_t i = 0; i < items.size(); ++i) {
        const std::int64_t* number = items[i].integer();
        if (number == nullptr || *number != traced || is_spared(constant.slot, i, items.size())) continue;
        items[i] = graph::Value(length);
      }
      constant.value = graph::Value::list(std::move(items));
    }
    const graph::Tensor* tensor = constant.value.tensor();
    if (tensor == nullptr) continue;
    if (graph::is_floating(tensor->type()) && constant.origin != graph::Constant::Origin::constant) continue;
    graph::Sizes sizes = tensor->sizes();
    for (std::int64_t& size : sizes) size = size == traced ? std::min(size, length) : size;
    if (sizes != tensor->sizes()) {
      constant.value = graph::Value(tensor->view_as(sizes, tensor->strides(), tensor->offset()));
    }
  }
  if (numbers.empty()) return other;
  const Slot slot = other.slots++;
  graph::Constant made;
  made.slot = slot;
  made.value = graph::Value(length);
  other.constants.push_back(std::move(made));
  for (Instruction& one : other.instructions) {
    bool wanted = one.kind == Instruction::Kind::call && among(kPlaces, one.op->name);
    if (one.kind == Instruction::Kind::make_list) wanted = is_wanted(one.outputs[0]);
    if (!wanted) continue;
    for (std::size_t i = 0; i < one.arguments.size(); ++i) {
      graph::Argument& argument = one.arguments[i];
      if (numbers.count(argument.slot) == 0) continue;
      if (one.kind == Instruction::Kind::make_list && is_spared(one.outputs[0], i, one.arguments.size())) continue;
      argument.slot = slot;
    }
  }
  return other;
}

}  // namespace

std::vector<graph::Program> traced_at(const graph::Program& program, std::size_t traced, std::size_t length) {
  std::vector<graph::Program> guesses;
  for (const InViews in_views : {InViews::but_last, InViews::everywhere, InViews::nowhere}) {
    guesses.push_back(
        replaced(program, static_cast<std::int64_t>(traced), static_cast<std::int64_t>(length), in_views));
  }
  return guesses;
}

}  // namespace bertrt::family
