#include "family/norm_match.h"

#include <cstddef>
#include <utility>

#include "family/terms.h"

namespace bertrt::family {
namespace {

constexpr std::size_t kSides[] = {0, 1};

// x of mean(x, [-1], keepdim)
const Ref* mean_of(const Instance& instance, const Ref& ref) {
  const Node* node = whole_node(instance, ref, "aten::mean");
  if (node == nullptr || node->arguments.size() < 3) return nullptr;
  const graph::List* axes = node->arguments[1].list();
  const bool last = axes != nullptr && axes->items.size() == 1 && over_last_axis(axes->items[0], node->refs[0]);
  return last && boolean(node->arguments[2]) == true ? &node->refs[0] : nullptr;
}

// x of mean(x²) + eps
const Ref* mean_square(const Instance& instance, const Ref& ref, double& eps) {
  const Node* sum = whole_node(instance, ref, "aten::add");
  if (sum == nullptr || !number(sum->arguments[1]) || number(sum->arguments[2]) != 1.0) return nullptr;
  eps = *number(sum->arguments[1]);
  const Ref* squares = mean_of(instance, sum->refs[0]);
  const Node* power = squares == nullptr ? nullptr : whole_node(instance, *squares, "aten::pow");
  return power != nullptr && number(power->arguments[1]) == 2.0 ? &power->refs[0] : nullptr;
}

// x of x - mean(x)
const Ref* centred(const Instance& instance, const Ref& ref) {
  const Node* node = whole_node(instance, ref, "aten::sub");
  if (node == nullptr || number(node->arguments[2]) != 1.0) return nullptr;
  const Ref* from = mean_of(instance, node->refs[1]);
  return from != nullptr && same_values(instance, *from, node->refs[0]) ? &node->refs[0] : nullptr;
}

// gamma * rest, in either order; `rest` is asked for what it is.
template <typename Rest>
std::optional<AppliedNorm> times_gamma(const Instance& instance, const Node& product, const Rest& rest) {
  for (const std::size_t side : kSides) {
    if (!product.refs[side].tensor.defined()) return std::nullopt;
    auto found = rest(product.refs[side]);
    if (!found) continue;
    auto gamma = vector_of(instance, product.refs[1 - side], found->input.tensor.sizes().back());
    if (!gamma) continue;
    found->norm.gamma = std::move(*gamma);
    return found;
  }
  return std::nullopt;
}

// (x - mean(x)) / sqrt(mean((x - mean(x))²) + eps)
std::optional<AppliedNorm> standardized(const Instance& instance, const Ref& ref) {
  const Node* ratio = whole_node(instance, ref, "aten::div");
  if (ratio == nullptr || !ratio->refs[1].tensor.defined()) return std::nullopt;
  const Node* root = whole_node(instance, ratio->refs[1], "aten::sqrt");
  double eps = 0;
  const Ref* squared = root == nullptr ? nullptr : mean_square(instance, root->refs[0], eps);
  const Ref* x = centred(instance, ratio->refs[0]);
  const Ref* under = squared == nullptr ? nullptr : centred(instance, *squared);
  if (x == nullptr || under == nullptr || !same_values(instance, *x, *under)) return std::nullopt;
  AppliedNorm found;
  found.norm.eps = static_cast<float>(eps);
  found.input = *x;
  return found;
}

// x * rsqrt(mean(x²) + eps)
std::optional<AppliedNorm> by_root_mean_square(const Instance& instance, const Ref& ref) {
  const Node* product = whole_node(instance, ref, "aten::mul");
  if (product == nullptr) return std::nullopt;
  for (const std::size_t side : kSides) {
    const Node* root = whole_node(instance, product->refs[1 - side], "aten::rsqrt");
    double eps = 0;
    const Ref* x = root == nullptr ? nullptr : mean_square(instance, root->refs[0], eps);
    if (x == nullptr || !same_values(instance, *x, product->refs[side])) continue;
    AppliedNorm found;
    found.norm.eps = static_cast<float>(eps);
    found.norm.centred = false;
    found.input = product->refs[side];
    return found;
  }
  return std::nullopt;
}

std::optional<AppliedNorm> written_out(const Instance& instance, const Node& top) {
  if (top.partial || top.refs.size() < 2) return std::nullopt;
  if (top.name == "aten::mul") {
    return times_gamma(instance, top, [&](const Ref& ref) { return by_root_mean_square(instance, ref); });
  }
  if (number(top.arguments[2]) != 1.0) return std::nullopt;
  for (const std::size_t side : kSides) {
    const Node* product = whole_node(instance, top.refs[side], "aten::mul");
    if (product == nullptr) continue;
    auto found = times_gamma(instance, *product, [&](const Ref& ref) { return standardized(instance, ref); });
    if (!found) continue;
    found->norm.beta = vector_of(instance, top.refs[1 - side], found->input.tensor.sizes().back());
    if (found->norm.beta) return found;
  }
  return std::nullopt;
}

// aten::layer_norm(x, sizes, gamma, beta, eps), aten::rms_norm(x, sizes, gamma, eps)
std::optional<AppliedNorm> one_operator(const Instance& instance, const Node& node) {
  const graph::Tensor& input = node.refs[0].tensor;
  const graph::List* over = node.arguments[1].list();
  if (node.partial || over == nullptr || over->items.size() != 1 || input.rank() == 0) return std::nullopt;
  AppliedNorm found;
  found.input = node.refs[0];
  found.norm.centred = node.name == "aten::layer_norm";
  const auto eps = number(node.arguments[found.norm.centred ? 4 : 3]);
  auto gamma = vector_of(instance, node.refs[2], input.sizes().back());
  if (!gamma || !eps) return std::nullopt;
  found.norm.eps = static_cast<float>(*eps);
  found.norm.gamma = std::move(*gamma);
  if (!found.norm.centred || !node.refs[3].tensor.defined()) return found;
  found.norm.beta = vector_of(instance, node.refs[3], input.sizes().back());
  return found.norm.beta ? std::optional(std::move(found)) : std::nullopt;
}

}  // namespace

bool may_be_norm(const Node& node) {
  return node.name == "aten::layer_norm" || node.name == "aten::rms_norm" || node.name == "aten::add" ||
         node.name == "aten::mul";
}

std::optional<AppliedNorm> find_norm(const Instance& instance, NodeId id) {
  if (id == kNoNode || !may_be_norm(instance.node(id))) return std::nullopt;
  const Node& node = instance.node(id);
  if (node.name == "aten::add" || node.name == "aten::mul") return written_out(instance, node);
  return one_operator(instance, node);
}

}  // namespace bertrt::family
