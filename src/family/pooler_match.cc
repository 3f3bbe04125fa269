#include "family/pooler_match.h"

#include <cstdint>
#include <utility>

#include "family/terms.h"

namespace bertrt::family {

using graph::Sizes;

std::optional<AppliedPooler> find_pooler(const Instance& instance, NodeId state) {
  const graph::Tensor& rows = instance.node(state).result.tensor;
  const std::int64_t texts = rows.size(0);
  const std::int64_t length = rows.size(1);
  const std::int64_t hidden = rows.size(2);
  for (NodeId id = state + 1; id < instance.nodes().size(); ++id) {
    const Node& node = instance.node(id);
    if (node.partial || node.name != "aten::tanh") continue;
    auto dense = find_dense(instance, instance.whole(node.refs[0]));
    if (!dense || static_cast<std::int64_t>(dense->dense.out()) != hidden ||
        dense->input.tensor.elements() != texts * hidden) {
      continue;
    }
    const bool first = instance.maps(dense->input, {texts, hidden}, [&](const Sizes& at) {
      return Element{state, nullptr, at[0] * length * hidden + at[1]};
    });
    if (first && node.result.tensor.elements() == texts * hidden) return AppliedPooler{std::move(dense->dense), id};
  }
  return std::nullopt;
}

}  // namespace bertrt::family
