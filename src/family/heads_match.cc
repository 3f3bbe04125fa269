#include "family/heads_match.h"

#include <utility>

#include "family/norm_match.h"
#include "family/terms.h"

namespace bertrt::family {

using graph::Sizes;
using graph::Tensor;

namespace {

// `ref`, a view of a whole fresh node, as a view of `operand` that has the node's sizes.
std::optional<Ref> through(const Ref& ref, NodeId node, const Ref& operand) {
  if (ref.producer != node || !operand.tensor.contiguous()) return std::nullopt;
  Ref seen = operand;
  seen.tensor =
      operand.tensor.view_as(ref.tensor.sizes(), ref.tensor.strides(), operand.tensor.offset() + ref.tensor.offset());
  return seen;
}

}  // namespace

Sizes HeadsMatcher::sizes(std::int64_t heads, bool turned) const {
  return turned ? Sizes{texts_, heads, size_, length_} : Sizes{texts_, heads, length_, size_};
}

std::optional<AppliedHeads> HeadsMatcher::plain(const Ref& ref, std::int64_t heads, bool turned) const {
  if (ref.tensor.elements() != texts_ * length_ * heads * size_) return std::nullopt;
  const Element first = instance_.first(ref);
  if (first.producer == kNoNode || first.index < 0) return std::nullopt;
  auto dense = find_dense(instance_, first.producer);
  if (!dense) return std::nullopt;
  // Neighbouring heads that begin at the same place are one.
  const Sizes seen = sizes(heads, turned);
  std::int64_t shared = 1;
  while (shared < heads && instance_.element(ref, seen, {0, shared, 0, 0}).index == first.index) ++shared;
  if (heads % shared != 0) return std::nullopt;
  const auto width = static_cast<std::int64_t>(dense->dense.out());
  // Parts of a joined layer may stand between two heads (DeBERTa).
  std::int64_t step = size_;
  if (shared == 1 && heads > 1) step = instance_.element(ref, seen, {0, 1, 0, 0}).index - first.index;
  if (step < size_) return std::nullopt;
  const std::int64_t columns = (heads / shared - 1) * step + size_;
  if (first.index + columns > width) return std::nullopt;
  const bool same = instance_.maps(ref, seen, [&](const Sizes& at) {
    const std::int64_t token = turned ? at[3] : at[2];
    const std::int64_t column = at[1] / shared * step + (turned ? at[2] : at[3]);
    return Element{first.producer, nullptr, (at[0] * length_ + token) * width + first.index + column};
  });
  if (!same) return std::nullopt;
  if (width != columns) take_rows(dense->dense, first.index, columns);
  return AppliedHeads{std::move(dense->dense), dense->input, static_cast<std::size_t>(heads / shared),
                      static_cast<std::size_t>(step)};
}

std::optional<AppliedHeads> HeadsMatcher::operand(Ref ref, std::int64_t heads, bool turned, double& scale) const {
  std::optional<AppliedRotary> rotary;
  std::optional<LayerNorm> norm;
  std::optional<Weight> bias;
  while (true) {
    if (auto found = plain(ref, heads, turned)) {
      found->rotary = std::move(rotary);
      found->norm = std::move(norm);
      if (!bias) return found;
      if (found->dense.bias || static_cast<std::int64_t>(found->heads) != heads) return std::nullopt;
      found->dense.bias = std::move(bias);
      return found;
    }
    if (bias) return std::nullopt;  // what stands between would act on one of the two
    if (const auto inner = without_bias(ref, heads, turned, bias)) {
      ref = *inner;
      continue;
    }
    if (norm) return std::nullopt;  // a norm undoes factors, and turns nothing
    if (const auto inner = unscaled(ref, scale)) {
      ref = *inner;
      continue;
    }
    if (const auto inner = before_norm(ref, heads, turned, norm)) {
      ref = *inner;
    } else if (rotary || !(rotary = before_rotary(ref, heads, turned))) {
      return std::nullopt;
    } else {
      ref = rotary->input;
    }
    heads = ref.tensor.size(1);
    turned = false;
  }
}

std::optional<AppliedHeads> HeadsMatcher::values(const Ref& ref, std::int64_t heads) const {
  double scale = 1;
  auto found = operand(ref, heads, false, scale);
  return found && scale == 1 && !found->norm ? std::move(found) : std::nullopt;
}

// What `ref` is a multiple of.
std::optional<Ref> HeadsMatcher::unscaled(const Ref& ref, double& scale) const {
  if (const NodeId id = instance_.whole(ref); id != kNoNode) {
    if (const auto inner = scaled(instance_.node(id), scale)) return inner;
  }
  // The factor may stand before the heads were split: on the dense layer's output itself.
  const Element first = ref.tensor.elements() == 0 ? Element{} : instance_.first(ref);
  if (first.producer == kNoNode) return std::nullopt;
  const Node& node = instance_.node(first.producer);
  double factor = 1;
  const auto inner = scaled(node, factor);
  if (!inner || inner->tensor.sizes() != node.result.tensor.sizes() || !node.result.tensor.contiguous()) {
    return std::nullopt;
  }
  const auto seen = through(ref, first.producer, *inner);  // looked at through the same view
  if (seen) scale *= factor;
  return seen;
}

// x of x + bias, a stored vector of all heads' values, head by head.
std::optional<Ref> HeadsMatcher::without_bias(const Ref& ref, std::int64_t heads, bool turned,
                                              std::optional<Weight>& bias) const {
  const Node* sum = whole_node(instance_, ref, "aten::add");
  if (sum == nullptr || number(sum->arguments[2]) != 1.0) return std::nullopt;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const Ref& other = sum->refs[1 - side];
    if (!other.tensor.defined() || !sum->refs[side].tensor.defined() || other.producer != kNoNode ||
        sum->refs[side].tensor.elements() != ref.tensor.elements()) {
      continue;
    }
    const auto wide = broadcast(other, sizes(heads, turned));
    const Element first = wide ? instance_.first(*wide) : Element{};
    const bool by_heads = wide && instance_.maps(*wide, sizes(heads, turned), [&](const Sizes& at) {
      return Element{kNoNode, first.storage, first.index + at[1] * size_ + (turned ? at[2] : at[3])};
    });
    if (!by_heads) continue;
    Ref vector = other;
    vector.tensor = other.tensor.view_as({heads * size_}, {1}, first.index);
    bias = weight(instance_, vector);
    if (bias) return sum->refs[side];
  }
  return std::nullopt;
}

// Whether `ref` is all of a node's result, [texts, own, tokens, size] or tokens in front of heads; neighbouring heads
// may share one of it.
bool HeadsMatcher::is_of_heads(const Ref& ref, std::int64_t heads, bool turned, NodeId node, std::int64_t own,
                               bool tokens_first) const {
  if (own <= 0 || own > heads || heads % own != 0) return false;
  return instance_.maps(ref, sizes(heads, turned), [&](const Sizes& at) {
    const std::int64_t token = turned ? at[3] : at[2];
    const std::int64_t head = at[1] / (heads / own);
    const std::int64_t row =
        tokens_first ? (at[0] * length_ + token) * own + head : (at[0] * own + head) * length_ + token;
    return Element{node, nullptr, row * size_ + (turned ? at[2] : at[3])};
  });
}

// What `ref` was before a norm, of each head or of all heads of a token as one row: [texts, heads, tokens, size].
std::optional<Ref> HeadsMatcher::before_norm(const Ref& ref, std::int64_t heads, bool turned,
                                             std::optional<LayerNorm>& norm) const {
  if (ref.tensor.elements() != texts_ * length_ * heads * size_) return std::nullopt;
  const NodeId id = instance_.first(ref).producer;
  auto applied = find_norm(instance_, id);
  if (!applied) return std::nullopt;
  const Tensor& input = applied->input.tensor;
  if (input.elements() != instance_.node(id).result.tensor.elements()) return std::nullopt;
  Ref inner = applied->input;
  if (input.sizes() == Sizes{texts_, length_, heads * size_} && is_of_heads(ref, heads, turned, id, heads, true)) {
    const Sizes& by = input.strides();
    inner.tensor = input.view_as(sizes(heads, false), {by[0], size_ * by[2], by[1], by[2]}, input.offset());
  } else if (input.rank() == 4 && input.size(1) == length_ && input.size(3) == size_ &&
             is_of_heads(ref, heads, turned, id, input.size(2), true)) {
    const Sizes& by = input.strides();
    inner.tensor = input.view_as(sizes(input.size(2), false), {by[0], by[2], by[1], by[3]}, input.offset());
  } else if (!(input.rank() == 4 && input.size(2) == length_ && input.size(3) == size_ &&
               is_of_heads(ref, heads, turned, id, input.size(1), false))) {
    return std::nullopt;
  }
  norm = std::move(applied->norm);
  return inner;
}

// What `ref` was before it was turned by positions.
std::optional<AppliedRotary> HeadsMatcher::before_rotary(const Ref& ref, std::int64_t heads, bool turned) const {
  if (ref.tensor.elements() != texts_ * length_ * heads * size_) return std::nullopt;
  const NodeId id = instance_.first(ref).producer;
  auto rotary = find_rotary(instance_, probe_, id);
  if (!rotary || !is_of_heads(ref, heads, turned, id, rotary->input.tensor.size(1), rotary->tokens_first)) {
    return std::nullopt;
  }
  return rotary;
}

std::optional<Ref> scaled(const Node& node, double& scale) {
  if (node.partial || node.arguments.size() < 2) return std::nullopt;
  const auto right = number(node.arguments[1]);
  if ((node.name == "aten::mul" || node.name == "aten::multiply") && right) {
    scale *= *right;
    return node.refs[0];
  }
  if (node.name == "aten::mul" && number(node.arguments[0]) && node.refs[1].tensor.defined()) {
    scale *= *number(node.arguments[0]);
    return node.refs[1];
  }
  if (node.name == "aten::div" && right && *right != 0 && (node.arguments.size() < 3 || node.arguments[2].none())) {
    scale /= *right;
    return node.refs[0];
  }
  return std::nullopt;
}

}  // namespace bertrt::family
