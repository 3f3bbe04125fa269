#include "family/shape_roles.h"

#include "family/once.h"
#include "family/probe.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

constexpr std::size_t kMaxDepth = 64;  // of sums in sums

}  // namespace

ShapeRoles::ShapeRoles(const Instance& instance) : instance_(instance) {
  const auto input = input_names(instance.program()).ids;
  if (!input) return;
  const graph::Tensor& ids = *instance.inputs()[*input].tensor();
  texts_ = ids.size(0);
  length_ = ids.size(1);
}

bool ShapeRoles::is_state(NodeId id) {
  const Node& node = instance_.node(id);
  const bool masked = node.name == "aten::mul" && !node.partial && node.refs[1].tensor.defined() &&
                      node.refs[1].tensor.known();  // XLM's: those of hidden tokens are 0
  const NodeId state = masked ? instance_.whole(node.refs[0]) : id;
  return state != kNoNode && (is_residual_norm(state) || (is_residual_sum(state) && !is_sum_of_norms(state, 0)));
}

// A sum of two values of the token's rows, neither of them known.
bool ShapeRoles::is_residual_sum(NodeId id) const {
  const Node& node = instance_.node(id);
  if (node.partial || node.name != "aten::add" || node.result.tensor.rank() != 3) return false;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const Ref& term = node.refs[side];
    if (!term.tensor.defined() || term.tensor.known() || term.producer == kNoNode ||
        term.tensor.sizes() != node.result.tensor.sizes()) {
      return false;
    }
  }
  return true;
}

// A sum of what came out of norms is one of whole layers: no layer's own state.
bool ShapeRoles::is_sum_of_norms(NodeId id, std::size_t depth) {
  if (id == kNoNode || depth > kMaxDepth) return false;
  return once(sums_of_norms_, id, [&] { return adds_norms(id, depth); });
}

bool ShapeRoles::adds_norms(NodeId id, std::size_t depth) {
  const Node& node = instance_.node(id);
  if (node.name == "aten::layer_norm" || node.name == "aten::rms_norm") return true;
  if (node.name != "aten::add" || !node.refs[0].tensor.defined() || !node.refs[1].tensor.defined()) return false;
  return is_sum_of_norms(instance_.whole(node.refs[0]), depth + 1) &&
         is_sum_of_norms(instance_.whole(node.refs[1]), depth + 1);
}

bool ShapeRoles::is_residual_norm(NodeId id) const {
  const Node& node = instance_.node(id);
  if (node.partial || (node.name != "aten::layer_norm" && node.name != "aten::rms_norm")) return false;
  // Whole, or turned: SqueezeBERT's sums are [texts, hidden, tokens].
  const Element first = instance_.first(node.refs[0]);
  return first.producer != kNoNode && is_residual_sum(first.producer) &&
         instance_.node(first.producer).result.tensor.elements() == node.refs[0].tensor.elements();
}

bool ShapeRoles::is_pooled(NodeId id) const {
  const Node& node = instance_.node(id);
  if (node.partial || node.name != "aten::tanh") return false;
  const auto input = input_of_dense(instance_, instance_.whole(node.refs[0]));
  if (!input || input->tensor.sizes().back() != node.result.tensor.sizes().back()) return false;
  const auto from = first_token_of(*input);
  return from && is_residual_norm(*from);
}

std::optional<NodeId> ShapeRoles::first_token_of(const Ref& ref) const {
  if (ref.tensor.rank() == 0 || texts_ == 0) return std::nullopt;
  const std::int64_t width = ref.tensor.sizes().back();
  if (ref.tensor.elements() != texts_ * width || width == 0) return std::nullopt;
  const Element first = instance_.first(ref);
  if (first.producer == kNoNode) return std::nullopt;
  const bool same = instance_.maps(ref, {texts_, width}, [&](const Sizes& at) {
    return Element{first.producer, nullptr, at[0] * length_ * width + at[1]};
  });
  if (!same || instance_.node(first.producer).result.tensor.elements() != texts_ * length_ * width) {
    return std::nullopt;
  }
  return first.producer;
}

}  // namespace bertrt::family
