#include "family/convolution_match.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "family/function.h"
#include "family/mask_match.h"
#include "family/norm_match.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

constexpr std::size_t kSides[] = {0, 1};

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, NodeId input, NodeId state)
      : instance_(instance),
        probe_(probe),
        input_(input),
        state_(state),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)),
        hidden_(instance.node(state).result.tensor.sizes().back()) {}

  std::optional<AppliedConvolution> match() {
    for (NodeId id = state_ + 1; id < instance_.nodes().size(); ++id) {
      const Node& node = instance_.node(id);
      if (node.partial || node.name != "aten::mul") continue;
      for (const std::size_t side : kSides) {
        if (!is_token_mask(instance_, probe_, node.refs[side]) || !normed(node.refs[1 - side])) continue;
        found_.state = id;
        return std::move(found_);
      }
    }
    return std::nullopt;
  }

 private:
  // The norm of state + activation(convolution, hidden tokens as zeros).
  bool normed(const Ref& ref) {
    auto norm = find_norm(instance_, ref.tensor.defined() ? instance_.whole(ref) : kNoNode);
    const Node* sum = norm ? whole_node(instance_, norm->input, "aten::add") : nullptr;
    if (sum == nullptr || number(sum->arguments[2]) != 1.0) return false;
    for (const std::size_t side : kSides) {
      const Ref& branch = sum->refs[1 - side];
      if (!branch.tensor.defined() || !sum->refs[side].tensor.defined() || instance_.whole(sum->refs[side]) != state_ ||
          branch.tensor.elements() != sum->result.tensor.elements()) {
        continue;
      }
      const NodeId top = instance_.whole(branch);
      const auto activation = top == kNoNode ? std::nullopt : find_activation(instance_, top);
      found_.convolution.activation = activation ? activation->activation : Activation::none;
      found_.convolution.norm = norm->norm;
      return zeroed(activation ? activation->input : branch);
    }
    return false;
  }

  bool zeroed(const Ref& ref) {
    const Node* fill = whole_node(instance_, ref, "aten::masked_fill");
    return fill != nullptr && number(fill->arguments[2]) == 0.0 && hides(fill->refs[1]) && convolved(fill->refs[0]);
  }

  // True for tokens whose attention_mask is 0.
  bool hides(const Ref& ref) const {
    if (!ref.tensor.defined() || !ref.tensor.known() || ref.tensor.type() != graph::ElementType::boolean) return false;
    const auto wide = broadcast(ref, {texts_, length_, hidden_});
    if (!wide) return false;
    const std::vector<std::uint8_t> hidden = graph::to_truths(wide->tensor);
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      if ((hidden[i] != 0) != (probe_.mask[i / static_cast<std::size_t>(hidden_)] == 0)) return false;
    }
    return true;
  }

  // _convolution(input, weight, bias, stride, padding, dilation, transposed, output padding, groups, …) over tokens.
  bool convolved(const Ref& ref) {
    const Element first = ref.tensor.defined() && ref.tensor.elements() != 0 ? instance_.first(ref) : Element{};
    if (first.producer == kNoNode) return false;
    const Node& node = instance_.node(first.producer);
    const bool in_order = instance_.maps(ref, {texts_, length_, hidden_}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, (at[0] * hidden_ + at[2]) * length_ + at[1]};
    });
    if (!in_order || node.partial || node.name != "aten::_convolution" || node.arguments.size() < 9) return false;
    const bool of_input = instance_.maps(node.refs[0], {texts_, hidden_, length_}, [&](const Sizes& at) {
      return Element{input_, nullptr, (at[0] * length_ + at[2]) * hidden_ + at[1]};
    });
    auto stored = of_input ? weight(instance_, node.refs[1]) : std::nullopt;
    auto bias = stored ? vector_of(instance_, node.refs[2], hidden_) : std::nullopt;
    if (!bias || stored->tensor.shape.size() != 3) return false;
    const std::vector<std::int64_t>& shape = stored->tensor.shape;
    const bool same = shape[0] == hidden_ && shape[1] > 0 && hidden_ % shape[1] == 0 && shape[2] % 2 == 1 &&
                      is_one(node.arguments[3], 1) && is_one(node.arguments[4], shape[2] / 2) &&
                      is_one(node.arguments[5], 1) && boolean(node.arguments[6]) == false &&
                      is_one(node.arguments[7], 0) &&
                      number(node.arguments[8]) == static_cast<double>(hidden_ / shape[1]);
    found_.convolution.weight = std::move(*stored);
    found_.convolution.bias = std::move(*bias);
    return same;
  }

  // [value]
  static bool is_one(const graph::Value& list, std::int64_t value) {
    const graph::List* items = list.list();
    return items != nullptr && items->items.size() == 1 && number(items->items[0]) == static_cast<double>(value);
  }

  const Instance& instance_;
  const Probe& probe_;
  NodeId input_;
  NodeId state_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t hidden_;
  AppliedConvolution found_;
};

}  // namespace

std::optional<AppliedConvolution> find_convolution(const Instance& instance, const Probe& probe, NodeId input,
                                                   NodeId state) {
  return Matcher(instance, probe, input, state).match();
}

}  // namespace bertrt::family
