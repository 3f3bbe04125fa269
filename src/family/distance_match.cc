#include "family/distance_match.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "family/ids_use.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

// The stored table whose row for each query and key, `rows` [queries, keys, size], is that of their distance.
std::optional<Weight> read_table(const Instance& instance, const Ref& rows, std::int64_t length, std::int64_t size) {
  if (!rows.tensor.defined() || rows.tensor.sizes() != Sizes{length, length, size}) return std::nullopt;
  const Element first = instance.first(rows);
  if (first.producer == kNoNode) return std::nullopt;
  const Node& node = instance.node(first.producer);
  if (node.partial || node.name != "aten::embedding" || !node.refs[1].tensor.known() ||
      node.refs[1].tensor.elements() != length * length || !ids_use(instance, node.refs[1]).none()) {
    return std::nullopt;
  }
  const bool in_order = instance.maps(rows, {length, length, size}, [&](const Sizes& at) {
    return Element{first.producer, nullptr, (at[0] * length + at[1]) * size + at[2]};
  });
  auto table = weight(instance, node.refs[0]);
  if (!in_order || !table || table->tensor.shape.size() != 2 || table->tensor.shape[1] != size ||
      table->tensor.shape[0] % 2 == 0) {
    return std::nullopt;
  }
  const std::int64_t middle = table->tensor.shape[0] / 2;
  const std::vector<std::int64_t> chosen = graph::to_integers(node.refs[1].tensor);
  for (std::int64_t query = 0; query < length; ++query) {
    for (std::int64_t key = 0; key < length; ++key) {
      if (chosen[static_cast<std::size_t>(query * length + key)] != query - key + middle) return std::nullopt;
    }
  }
  return table;
}

}  // namespace

std::optional<AppliedDistances> find_distances(const Instance& instance, const Probe& probe, const Ref& term,
                                               std::int64_t heads, std::int64_t size) {
  AppliedDistances found;
  Ref ref = term;
  const Node* product = nullptr;
  for (int steps = 0; product == nullptr; ++steps) {
    constexpr int kMostSteps = 16;  // more factors than any model has
    if (steps == kMostSteps) return std::nullopt;
    const NodeId id = instance.whole(ref);
    if (id == kNoNode) return std::nullopt;
    const Node& node = instance.node(id);
    if (const auto inner = scaled(node, found.scale)) {
      ref = *inner;
      continue;
    }
    if (node.partial || node.name != "aten::einsum" || node.items.size() != 2) return std::nullopt;
    product = &node;
  }
  std::string equation(text(product->arguments, 0));
  std::erase(equation, ' ');
  found.by_key = equation == "bhrd,lrd->bhlr";
  if (!found.by_key && equation != "bhld,lrd->bhlr") return std::nullopt;
  const HeadsMatcher match(instance, probe, size);
  auto tokens = match.operand(product->items[0], heads, false, found.scale);
  auto table = read_table(instance, product->items[1], static_cast<std::int64_t>(probe.length), size);
  if (!tokens || !table) return std::nullopt;
  found.tokens = std::move(*tokens);
  found.table = std::move(*table);
  return found;
}

}  // namespace bertrt::family
