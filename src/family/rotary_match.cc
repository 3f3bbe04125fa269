#include "family/rotary_match.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

constexpr std::size_t kSides[] = {0, 1};

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, const Node& sum)
      : instance_(instance), probe_(probe), sum_(sum), sizes_(sum.result.tensor.sizes()) {
    pairs_ = sizes_.size() == 4 ? sizes_[3] / 2 : 0;
  }

  std::optional<AppliedRotary> match() {
    if (pairs_ == 0 || sizes_[3] % 2 != 0 || sizes_[0] != static_cast<std::int64_t>(probe_.texts)) return std::nullopt;
    for (const std::size_t token_axis : {std::size_t{2}, std::size_t{1}}) {
      if (sizes_[token_axis] != static_cast<std::int64_t>(probe_.length)) continue;
      token_axis_ = token_axis;
      for (const std::size_t side : kSides) {
        if (auto found = with(sum_.refs[side], sum_.refs[1 - side])) return found;
      }
    }
    return std::nullopt;
  }

 private:
  // A tensor as large as the result, and what it is multiplied with.
  struct Product {
    Ref operand;
    Angles angles;
  };
  std::optional<Product> product(const Ref& term, std::string_view function) const {
    const Node* node = whole_node(instance_, term, "aten::mul");
    if (node == nullptr) return std::nullopt;
    for (const std::size_t side : kSides) {
      const Ref& operand = node->refs[side];
      if (!operand.tensor.defined() || operand.tensor.sizes() != sizes_) continue;
      auto angles = find_angles(instance_, probe_, node->refs[1 - side], function, sizes_, token_axis_);
      if (angles) return Product{operand, std::move(*angles)};
    }
    return std::nullopt;
  }

  std::optional<AppliedRotary> with(const Ref& straight, const Ref& turned) const {
    const auto x = product(straight, "aten::cos");
    const auto y = x ? product(turned, "aten::sin") : std::nullopt;
    if (!y || !same_angles(x->angles, y->angles)) return std::nullopt;
    if (!(x->angles.neighbours ? turns_neighbours(y->operand, x->operand) : turns_halves(y->operand, x->operand))) {
      return std::nullopt;
    }
    AppliedRotary found;
    found.angles = x->angles;
    found.tokens_first = token_axis_ == 1;
    found.input = x->operand;
    if (found.tokens_first) {
      const Tensor& tensor = found.input.tensor;
      Sizes sizes = tensor.sizes();
      Sizes strides = tensor.strides();
      std::swap(sizes[1], sizes[2]);
      std::swap(strides[1], strides[2]);
      found.input.tensor = tensor.view_as(std::move(sizes), std::move(strides), tensor.offset());
    }
    return found;
  }

  // cat([-x[half:], x[:half]], -1)
  bool turns_halves(const Ref& ref, const Ref& x) const {
    const Node* cat = whole_node(instance_, ref, "aten::cat");
    if (cat == nullptr || cat->items.size() != 2 || !over_last_axis(cat->arguments[1], ref)) return false;
    const Node* negated = whole_node(instance_, cat->items[0], "aten::neg");
    return negated != nullptr && is_half(negated->refs[0], x, pairs_, 1) && is_half(cat->items[1], x, 0, 1);
  }

  // stack([-x[1::2], x[::2]], -1) in the form of x
  bool turns_neighbours(const Ref& ref, const Ref& x) const {
    const Element first = instance_.first(ref);
    if (first.producer == kNoNode) return false;
    const Node& stack = instance_.node(first.producer);
    if (stack.partial || stack.name != "aten::stack" || stack.items.size() != 2 ||
        !over_last_axis(stack.arguments[1], stack.result) || stack.result.tensor.sizes().back() != 2) {
      return false;
    }
    const bool in_order = instance_.maps(ref, sizes_, [&](const Sizes& at) {
      return Element{first.producer, nullptr, ((at[0] * sizes_[1] + at[1]) * sizes_[2] + at[2]) * sizes_[3] + at[3]};
    });
    const Node* negated = in_order ? whole_node(instance_, stack.items[0], "aten::neg") : nullptr;
    return negated != nullptr && is_half(negated->refs[0], x, 1, 2) && is_half(stack.items[1], x, 0, 2);
  }

  // Of each head of x, every `step`th value from `from` on.
  bool is_half(const Ref& ref, const Ref& x, std::int64_t from, std::int64_t step) const {
    return instance_.maps(ref, {sizes_[0], sizes_[1], sizes_[2], pairs_}, [&](const Sizes& at) {
      return instance_.element(x, sizes_, {at[0], at[1], at[2], from + step * at[3]});
    });
  }

  const Instance& instance_;
  const Probe& probe_;
  const Node& sum_;
  const Sizes& sizes_;
  std::int64_t pairs_ = 0;
  std::size_t token_axis_ = 2;
};

}  // namespace

std::optional<AppliedRotary> find_rotary(const Instance& instance, const Probe& probe, NodeId id) {
  if (id == kNoNode) return std::nullopt;
  const Node& node = instance.node(id);
  if (node.partial || node.name != "aten::add" || !node.refs[0].tensor.defined() || !node.refs[1].tensor.defined() ||
      number(node.arguments[2]) != 1.0) {
    return std::nullopt;
  }
  return Matcher(instance, probe, node).match();
}

}  // namespace bertrt::family
