#include "family/looked_lengths.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "family/among.h"
#include "graph/operator.h"
#include "graph/tensor.h"
#include "graph/value.h"

namespace bertrt::family {
namespace {

// Whether what is done may depend on one length alone: by a branch, or by a comparison of sizes that is no branch.
struct AskedLengths {
  bool any = false;
  bool of_one_token = false;  ///< a size is compared with 1 or 2
};

AskedLengths asked_lengths(const graph::Program& program) {
  static constexpr std::string_view kNumbers[] = {"prim::NumToTensor", "aten::__getitem__", "aten::add",
                                                  "aten::sub",         "aten::mul",         "aten::floordiv",
                                                  "aten::remainder",   "aten::Int",         "aten::Float"};
  static constexpr std::string_view kAsks[] = {"aten::eq", "aten::ne", "aten::lt",          "aten::le",
                                               "aten::gt", "aten::ge", "aten::__contains__"};
  std::set<graph::Slot> small;
  for (const graph::Constant& constant : program.constants) {
    const std::int64_t* number = constant.value.integer();
    if (number != nullptr && (*number == 1 || *number == 2)) small.insert(constant.slot);
  }
  AskedLengths asked;
  std::set<graph::Slot> sizes;
  for (const graph::Instruction& one : program.instructions) {
    asked.any = asked.any || one.kind == graph::Instruction::Kind::skip_unless;
    if (one.kind != graph::Instruction::Kind::call || one.arguments.empty()) continue;
    const auto has = [&](const std::set<graph::Slot>& slots) {
      return std::any_of(one.arguments.begin(), one.arguments.end(),
                         [&](const graph::Argument& argument) { return slots.contains(argument.slot); });
    };
    const std::string_view name = one.op->name;
    if (among(kAsks, name) && has(sizes)) {
      asked.any = true;
      asked.of_one_token = asked.of_one_token || has(small);
    }
    if (name == "aten::size" || name == "aten::len" || (among(kNumbers, name) && has(sizes))) {
      sizes.insert(one.outputs[0]);
    }
  }
  return asked;
}

}  // namespace

std::set<std::size_t> landmarks(const graph::Program& program, std::size_t limit) {
  std::set<std::size_t> found;
  const auto add = [&](std::int64_t value) {
    if (value > 1 && value <= static_cast<std::int64_t>(limit)) found.insert(static_cast<std::size_t>(value));
  };
  for (const graph::Constant& constant : program.constants) {
    if (const auto* integer = constant.value.integer()) add(*integer);
    const graph::Tensor* tensor = constant.value.tensor();
    if (tensor == nullptr) continue;
    const bool weight = graph::is_floating(tensor->type()) || graph::is_stored_weight(*tensor);
    if (constant.origin == graph::Constant::Origin::attribute && weight) continue;
    for (const std::int64_t size : tensor->sizes()) add(size);
    if (tensor->elements() == 1 && graph::is_integral(tensor->type())) add(graph::to_integers(*tensor)[0]);
  }
  return found;
}

std::set<std::size_t> other_lengths(const graph::Program& program, std::size_t limit, std::size_t marks_to,
                                    bool thorough) {
  std::set<std::size_t> lengths = {2, 7};
  const AskedLengths asked = asked_lengths(program);
  for (const std::size_t mark : landmarks(program, marks_to)) {
    lengths.insert(mark + 1);
    // Keys `mark` tokens away may be the last that are seen: the longest text of a model with a limit shows it.
    if (marks_to != limit) lengths.insert(mark + 2);
    if (asked.any) lengths.insert({mark - 1, mark});
    if (thorough) lengths.insert({mark - 1, mark, 2 * mark + 1});
  }
  if (asked.of_one_token) lengths.insert(1);
  if (thorough) lengths.insert({3, 4, 5, 6, 8});
  lengths.insert(limit);
  const std::size_t most = marks_to == limit ? limit : marks_to + 2;
  std::erase_if(lengths, [&](std::size_t length) { return length < (asked.of_one_token ? 1 : 2) || length > most; });
  return lengths;
}

}  // namespace bertrt::family
