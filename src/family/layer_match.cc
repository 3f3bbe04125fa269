#include "family/layer_match.h"

#include <utility>

#include "family/function.h"
#include "family/norm_match.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

constexpr std::size_t kSides[] = {0, 1};

// The dense layer whose result all of `ref` is.
std::optional<AppliedDense> whole_dense(const Instance& instance, const Ref& ref) {
  return find_dense(instance, instance.whole(ref));
}

// b of a + b, where a is the whole of `residual`.
std::optional<Ref> beside(const Instance& instance, NodeId sum, NodeId residual) {
  if (sum == kNoNode) return std::nullopt;
  const Node& add = instance.node(sum);
  if (add.partial || add.name != "aten::add" || !add.refs[0].tensor.defined() || !add.refs[1].tensor.defined() ||
      number(add.arguments[2]) != 1.0 || add.refs[0].tensor.elements() != add.refs[1].tensor.elements()) {
    return std::nullopt;
  }
  for (const std::size_t side : kSides) {
    if (instance.whole(add.refs[side]) == residual) return add.refs[1 - side];
  }
  return std::nullopt;
}

struct FeedForward {
  Dense in;
  Activation activation = Activation::none;
  std::optional<Dense> gate;
  Dense out;
  Ref input;
};

// Dense layer, activation, and what it is multiplied with.
std::optional<FeedForward> gated(const Instance& instance, const Ref& inner) {
  const auto activated = [&](const Ref& ref) -> std::optional<FeedForward> {
    const NodeId top = instance.whole(ref);
    const auto activation = top == kNoNode ? std::nullopt : find_activation(instance, top);
    auto in = find_dense_columns(instance, activation ? activation->input : ref);
    if (!in) return std::nullopt;
    FeedForward found;
    found.in = std::move(in->dense);
    if (activation) found.activation = activation->activation;
    found.input = in->input;
    return found;
  };
  if (auto found = activated(inner)) return found;
  const Node* product = whole_node(instance, inner, "aten::mul");
  for (const std::size_t side : kSides) {
    if (product == nullptr || !product->refs[side].tensor.defined() || !product->refs[1 - side].tensor.defined()) break;
    auto found = activated(product->refs[side]);
    auto gate = found ? find_dense_columns(instance, product->refs[1 - side]) : std::nullopt;
    if (!gate || gate->dense.out() != found->in.out() || !same_values(instance, gate->input, found->input)) continue;
    found->gate = std::move(gate->dense);
    return found;
  }
  return std::nullopt;
}

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, MaskReader& masks, bool norm_first, std::string& why)
      : instance_(instance), probe_(probe), masks_(masks), norm_first_(norm_first), why_(why) {}

  std::optional<AppliedLayer> match(NodeId state) {
    for (NodeId middle = state + 1; middle < instance_.nodes().size(); ++middle) {
      auto attention = attention_on(state, middle);
      if (!attention) continue;
      if (auto found = feed_forward(middle, *attention)) return found;
      if (const NodeId again = added_again(state, middle, *attention); again != kNoNode) {
        if (auto found = feed_forward(again, *attention)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  // A part of the layer between its input and the sum, where `node` is what the part ends with.
  struct Part {
    Ref branch;
    std::optional<LayerNorm> norm;  // behind the sum
  };
  std::optional<Part> part(NodeId state, NodeId node) const {
    Part found;
    NodeId sum = node;
    if (!norm_first_) {
      auto applied = find_norm(instance_, node);
      if (!applied) return std::nullopt;
      found.norm = std::move(applied->norm);
      sum = instance_.whole(applied->input);
    }
    const auto branch = beside(instance_, sum, state);
    if (!branch) return std::nullopt;
    found.branch = *branch;
    return found;
  }

  // Whether a part reads `state`, through a norm where norms come first.
  bool reads(const Ref& input, NodeId state, std::optional<LayerNorm>& norm) const {
    const NodeId node = instance_.whole(input);
    if (node == state) return true;
    if (!norm_first_) return false;
    auto applied = find_norm(instance_, node);
    if (!applied || instance_.whole(applied->input) != state) return false;
    norm = std::move(applied->norm);
    return true;
  }

  std::optional<AppliedLayer> attention_on(NodeId state, NodeId node) const {
    auto found = part(state, node);
    auto out = found ? whole_dense(instance_, found->branch) : std::nullopt;
    auto heads = out ? find_attention(instance_, probe_, masks_, out->input, why_) : std::nullopt;
    if (!heads || !reads(heads->input, state, found->norm)) return std::nullopt;
    AppliedLayer layer;
    layer.heads = heads->heads;
    layer.head = heads->head;
    layer.head_step = heads->head_step;
    layer.key_heads = heads->key_heads;
    layer.mask = heads->mask;
    layer.causal = heads->causal;
    layer.may_be_causal = heads->may_be_causal && !heads->causal;
    layer.bias = std::move(heads->bias);
    layer.slopes = std::move(heads->slopes);
    layer.positions = std::move(heads->positions);
    layer.rotary = std::move(heads->rotary);
    layer.turns_values = heads->turns_values;
    layer.layer.query = std::move(heads->query);
    layer.layer.key = std::move(heads->key);
    layer.layer.value = std::move(heads->value);
    layer.layer.scale = heads->scale;
    layer.layer.query_norm = std::move(heads->query_norm);
    layer.layer.key_norm = std::move(heads->key_norm);
    layer.layer.distances = std::move(heads->distances);
    layer.layer.position_key = std::move(heads->position_key);
    layer.layer.position_query = std::move(heads->position_query);
    layer.layer.window = heads->window;
    layer.layer.attention_out = std::move(out->dense);
    layer.layer.attention_norm = std::move(found->norm);
    return layer;
  }

  std::optional<AppliedLayer> feed_forward(NodeId state, const AppliedLayer& attention) const {
    for (NodeId end = state + 1; end < instance_.nodes().size(); ++end) {
      if (auto found = feed_forward_on(state, end, attention)) return found;
    }
    return std::nullopt;
  }

  // The norm of the sum of the layer's input and what attention's norm gave.
  NodeId added_again(NodeId state, NodeId middle, AppliedLayer& attention) const {
    if (norm_first_) return kNoNode;
    for (NodeId node = middle + 1; node < instance_.nodes().size(); ++node) {
      auto found = part(state, node);
      if (!found || instance_.whole(found->branch) != middle) continue;
      attention.layer.second_norm = std::move(found->norm);
      return node;
    }
    return kNoNode;
  }

  std::optional<AppliedLayer> feed_forward_on(NodeId state, NodeId node, const AppliedLayer& attention) const {
    auto found = part(state, node);
    auto out = found ? whole_dense(instance_, found->branch) : std::nullopt;
    if (!out) return std::nullopt;
    auto inner = gated(instance_, out->input);
    if (!inner) {
      if (why_.empty()) why_ = "an activation that is none of gelu, gelu_new, relu, silu, tanh";
      return std::nullopt;
    }
    if (!reads(inner->input, state, found->norm) || !found->norm) return std::nullopt;
    AppliedLayer layer = attention;
    layer.layer.ffn_in = std::move(inner->in);
    layer.layer.activation = inner->activation;
    layer.layer.ffn_gate = std::move(inner->gate);
    layer.layer.ffn_out = std::move(out->dense);
    layer.layer.ffn_norm = std::move(*found->norm);
    layer.state = node;
    return layer;
  }

  const Instance& instance_;
  const Probe& probe_;
  MaskReader& masks_;
  bool norm_first_;
  std::string& why_;
};

}  // namespace

std::optional<AppliedLayer> find_layer(const Instance& instance, const Probe& probe, MaskReader& masks, NodeId state,
                                       bool norm_first, std::string& why) {
  return Matcher(instance, probe, masks, norm_first, why).match(state);
}

}  // namespace bertrt::family
