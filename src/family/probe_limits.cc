#include "family/probe_limits.h"

#include <algorithm>
#include <optional>

#include "bertrt/error.h"
#include "family/instance.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

// Whether a program runs at all with inputs up to these.
bool runs(const graph::Program& program, std::size_t length, const ProbeLimits& limits) {
  try {
    const Instance tried(program, arguments_of(program, make_probe(1, length, MaskShape::full, limits, 0)));
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::runtime) throw;
    return false;
  }
}

// What reaches no table as it is is tried: two types (1 - type, type > 0), a few positions (angles).
void try_others(const graph::Program& program, std::size_t length, ProbeLimits& limits) {
  constexpr std::int64_t kPositions = 64;
  const InputNames names = input_names(program);
  if (names.types && limits.types == 0) {
    limits.types_tried = 2;
    if (!runs(program, length, limits)) limits.types_tried = 1;
  }
  if (names.positions && limits.positions == 0) {
    limits.positions = kPositions;
    if (!runs(program, length, limits)) limits.positions = 0;
  }
}

// The ids that a comparison of the input asks for.
void add_compared(const Node& node, std::vector<std::int64_t>& compared) {
  constexpr std::size_t kMost = 16;
  const auto add = [&](std::int64_t id) {
    const bool there = std::find(compared.begin(), compared.end(), id) != compared.end();
    if (id >= 0 && !there && compared.size() < kMost) compared.push_back(id);
  };
  if (const auto one = number(node.arguments[1])) {
    add(static_cast<std::int64_t>(*one));
  } else if (const graph::Tensor& others = node.refs[1].tensor;
             others.defined() && others.known() && others.elements() <= static_cast<std::int64_t>(kMost)) {
    for (const std::int64_t id : graph::to_integers(others)) add(id);
  }
}

}  // namespace

ProbeLimits probe_limits(const graph::Program& program, std::size_t length) {
  const Instance instance(program, arguments_of(program, make_probe(1, length, MaskShape::full, {}, 0)));
  const InputNames names = input_names(program);
  ProbeLimits limits;
  const auto storage = [&](std::optional<std::size_t> input) {
    return input ? instance.inputs()[*input].tensor()->storage()->origin() : nullptr;
  };
  const auto lower = [](std::int64_t& limit, std::int64_t rows) { limit = limit == 0 ? rows : std::min(limit, rows); };
  for (const Node& node : instance.nodes()) {
    const bool compares = node.name == "aten::eq" || node.name == "aten::ne" || node.name == "aten::isin";
    if (compares && node.refs[0].tensor.defined() && names.ids && instance.source(node.refs[0]) == storage(names.ids)) {
      add_compared(node, limits.compared);
    }
    if (node.name != "aten::embedding" || !node.refs[1].tensor.defined()) continue;
    const std::int64_t rows = node.refs[0].tensor.size(0);
    const graph::Storage* indices = instance.source(node.refs[1]);
    if (indices == nullptr) continue;
    if (indices == storage(names.ids)) lower(limits.ids, rows);
    if (indices == storage(names.types)) lower(limits.types, rows);
    if (indices == storage(names.positions)) {
      lower(limits.positions, rows);
      if (const auto padding = number(node.arguments[2])) limits.position_padding = static_cast<std::int64_t>(*padding);
    }
    if (indices == storage(names.ids)) {
      if (const auto padding = number(node.arguments[2]); padding && *padding >= 0) {
        limits.padding = static_cast<std::int64_t>(*padding);
      }
    }
  }
  try_others(program, length, limits);
  return limits;
}

}  // namespace bertrt::family
