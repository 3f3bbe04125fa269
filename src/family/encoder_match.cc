#include "family/encoder_match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "family/attention.h"
#include "family/embeddings_match.h"
#include "family/function.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

// LN(a + b) where one of the two is the whole of `residual`; the other one.
struct AfterResidual {
  LayerNorm norm;
  Ref branch;
};
std::optional<AfterResidual> after_residual(const Instance& instance, NodeId node, NodeId residual) {
  auto applied = find_norm(instance, node);
  if (!applied) return std::nullopt;
  const NodeId sum = instance.whole(applied->input);
  if (sum == kNoNode) return std::nullopt;
  const Node& add = instance.node(sum);
  if (add.partial || add.name != "aten::add" || !add.refs[0].tensor.defined() || !add.refs[1].tensor.defined() ||
      number(add.arguments[2]) != 1.0) {
    return std::nullopt;
  }
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    if (instance.whole(add.refs[side]) != residual) continue;
    if (add.refs[1 - side].tensor.elements() != add.refs[side].tensor.elements()) continue;
    return AfterResidual{std::move(applied->norm), add.refs[1 - side]};
  }
  return std::nullopt;
}

struct Half {
  LayerSpec layer;
  NodeId state = kNoNode;
};

// The dense layer whose result all of `ref` is.
std::optional<AppliedDense> whole_dense(const Instance& instance, const Ref& ref) {
  return find_dense(instance, instance.whole(ref));
}

struct AttentionHalf {
  AppliedAttention attention;
  Dense out;
  LayerNorm norm;
};
std::optional<AttentionHalf> attention_half(const Instance& instance, const Probe& probe, NodeId node, NodeId state,
                                            std::string& why) {
  auto residual = after_residual(instance, node, state);
  if (!residual) return std::nullopt;
  auto out = whole_dense(instance, residual->branch);
  if (!out) return std::nullopt;
  auto attention = find_attention(instance, probe, out->input, why);
  if (!attention || instance.whole(attention->input) != state) return std::nullopt;
  return AttentionHalf{std::move(*attention), std::move(out->dense), std::move(residual->norm)};
}

struct FeedForwardHalf {
  Dense in;
  Activation activation = Activation::none;
  Dense out;
  LayerNorm norm;
};
std::optional<FeedForwardHalf> feed_forward_half(const Instance& instance, NodeId node, NodeId state,
                                                 std::string& why) {
  auto residual = after_residual(instance, node, state);
  if (!residual) return std::nullopt;
  auto out = whole_dense(instance, residual->branch);
  if (!out) return std::nullopt;
  const NodeId inner = instance.whole(out->input);
  const auto activation = inner == kNoNode ? std::nullopt : find_activation(instance, inner);
  if (!activation) {
    if (why.empty()) why = "an activation that is none of gelu, gelu_new, relu, tanh";
    return std::nullopt;
  }
  auto in = whole_dense(instance, activation->input);
  if (!in || instance.whole(in->input) != state) return std::nullopt;
  return FeedForwardHalf{std::move(in->dense), activation->activation, std::move(out->dense),
                         std::move(residual->norm)};
}

bool same_tensor(const Weight& a, const Weight& b) {
  return a.tensor.storage.data() == b.tensor.storage.data() && a.tensor.storage_offset == b.tensor.storage_offset &&
         a.tensor.shape == b.tensor.shape && a.tensor.strides == b.tensor.strides;
}

// dense + tanh of the first token of the last state.
std::optional<std::pair<Dense, NodeId>> find_pooler(const Instance& instance, NodeId state) {
  const graph::Tensor& rows = instance.node(state).result.tensor;
  const std::int64_t texts = rows.size(0);
  const std::int64_t length = rows.size(1);
  const std::int64_t hidden = rows.size(2);
  for (NodeId id = state + 1; id < instance.nodes().size(); ++id) {
    const Node& node = instance.node(id);
    if (node.partial || node.name != "aten::tanh") continue;
    auto dense = whole_dense(instance, node.refs[0]);
    if (!dense || static_cast<std::int64_t>(dense->dense.out()) != hidden ||
        dense->input.tensor.elements() != texts * hidden) {
      continue;
    }
    const bool first = instance.maps(dense->input, {texts, hidden}, [&](const Sizes& at) {
      return Element{state, nullptr, at[0] * length * hidden + at[1]};
    });
    if (first && node.result.tensor.elements() == texts * hidden) return std::make_pair(std::move(dense->dense), id);
  }
  return std::nullopt;
}

class Chain {
 public:
  Chain(const Instance& instance, const Probe& probe, std::string& why)
      : instance_(instance), probe_(probe), why_(why) {}

  std::optional<MatchedEncoder> match() {
    for (NodeId id = 0; id < instance_.nodes().size(); ++id) {
      if (!may_be_norm(instance_.node(id))) continue;
      std::string why;
      auto embeddings = match_embeddings(instance_, probe_, id, why);
      if (!embeddings) {
        if (why_.empty()) why_ = why;  // of the first: what stands above is no embeddings at all
        continue;
      }
      why_.clear();
      found_.spec.embeddings = std::move(embeddings->embeddings);
      found_.positions_given = embeddings->positions_given;
      NodeId state = embeddings->state;
      if (!projected(state) && !layer(state)) {
        if (why_.empty()) why_ = "no layer of this family stands on the embeddings";
        return std::nullopt;
      }
      while (layer(state)) {
      }
      if (attends_behind(found_.states.back())) {
        if (why_.empty())
          why_ = "a layer behind the " + std::to_string(found_.spec.layers.size()) + " that are explained";
        return std::nullopt;
      }
      why_.clear();
      finish();
      return std::move(found_);
    }
    if (why_.empty()) why_ = "no embeddings of words under a layer norm";
    return std::nullopt;
  }

 private:
  // Whether tokens are mixed by attention behind a state: then it is not the last layer's.
  bool attends_behind(NodeId state) const {
    const auto length = static_cast<std::int64_t>(probe_.length);
    for (NodeId id = state + 1; id < instance_.nodes().size(); ++id) {
      const Node& node = instance_.node(id);
      if (node.name == "aten::scaled_dot_product_attention") return true;
      const graph::Tensor& made = node.result.tensor;
      if (node.name == "aten::softmax" && made.rank() >= 3 && made.sizes().back() == length &&
          made.sizes()[made.sizes().size() - 2] == length && weighs(id)) {
        return true;
      }
    }
    return false;
  }

  // Whether a softmax's result is multiplied with something: probabilities of classes, as many as tokens, are not.
  bool weighs(NodeId softmax) const {
    for (NodeId id = softmax + 1; id < instance_.nodes().size(); ++id) {
      const Node& node = instance_.node(id);
      if (node.name != "aten::matmul" && node.name != "aten::bmm" && node.name != "aten::einsum") continue;
      if (node.name == "aten::einsum" || instance_.whole(node.refs[0]) == softmax) return true;
    }
    return false;
  }

  // A dense layer on the embeddings that a layer stands on.
  bool projected(NodeId& state) {
    for (NodeId id = state + 1; id < instance_.nodes().size(); ++id) {
      auto dense = find_dense(instance_, id);
      if (!dense || instance_.whole(dense->input) != state) continue;
      if (dense->dense.bias && instance_.node(id).name != "aten::linear" && instance_.node(id).name != "aten::addmm" &&
          instance_.node(id).name != "aten::add") {
        continue;
      }
      NodeId inner = id;
      if (!layer(inner)) continue;
      found_.spec.embeddings.projection = std::move(dense->dense);
      state = inner;
      return true;
    }
    return false;
  }

  // One layer on `state`, which becomes its result.
  bool layer(NodeId& state) {
    std::string why;
    for (NodeId id = state + 1; id < instance_.nodes().size(); ++id) {
      if (!may_be_norm(instance_.node(id))) continue;
      auto attention = attention_half(instance_, probe_, id, state, why);
      if (!attention) continue;
      for (NodeId next = id + 1; next < instance_.nodes().size(); ++next) {
        if (!may_be_norm(instance_.node(next))) continue;
        auto feed_forward = feed_forward_half(instance_, next, id, why);
        if (!feed_forward) continue;
        if (!take(std::move(*attention), std::move(*feed_forward), why)) break;
        if (found_.states.empty()) found_.states.push_back(state);
        found_.states.push_back(next);
        state = next;
        return true;
      }
    }
    if (!why.empty()) why_ = why;
    return false;
  }

  bool take(AttentionHalf attention, FeedForwardHalf feed_forward, std::string& why) {
    AppliedAttention& heads = attention.attention;
    EncoderSpec& spec = found_.spec;
    if (spec.layers.empty()) {
      spec.hidden = attention.out.out();
      spec.heads = heads.heads;
      spec.mask = heads.mask;
      spec.relative_bias = heads.bias;
    } else if (spec.heads != heads.heads || spec.mask != heads.mask || spec.hidden != attention.out.out()) {
      why = "a layer with other heads, another mask or another width than the first";
      return false;
    }
    const bool bias = heads.bias.has_value();
    if (bias != spec.relative_bias.has_value() ||
        (bias && (!same_tensor(heads.bias->table, spec.relative_bias->table) ||
                  heads.bias->rows != spec.relative_bias->rows))) {
      why = "a layer with another relative bias than the first";
      return false;
    }
    LayerSpec layer;
    layer.query = std::move(heads.query);
    layer.key = std::move(heads.key);
    layer.value = std::move(heads.value);
    layer.scale = heads.scale;
    layer.attention_out = std::move(attention.out);
    layer.attention_norm = std::move(attention.norm);
    layer.ffn_in = std::move(feed_forward.in);
    layer.activation = feed_forward.activation;
    layer.ffn_out = std::move(feed_forward.out);
    layer.ffn_norm = std::move(feed_forward.norm);
    spec.layers.push_back(std::move(layer));
    return true;
  }

  void finish() {
    if (auto pooler = find_pooler(instance_, found_.states.back())) {
      found_.spec.pooler = std::move(pooler->first);
      found_.pooled = pooler->second;
    }
  }

  const Instance& instance_;
  const Probe& probe_;
  std::string& why_;
  MatchedEncoder found_;
};

}  // namespace

std::optional<MatchedEncoder> match_encoder(const Instance& instance, const Probe& probe, std::string& why) {
  return Chain(instance, probe, why).match();
}

namespace {

// Types that reach no table as they are (1 - type, type > 0): two of them, where a program runs with both.
std::int64_t tried_types(const graph::Program& program, std::size_t length, ProbeLimits limits) {
  limits.types_tried = 2;
  try {
    const Instance both(program, arguments_of(program, make_probe(1, length, MaskShape::full, limits, 0)));
    return 2;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::runtime) throw;
    return 1;
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
    if (node.name != "aten::embedding" || !node.refs[1].tensor.defined()) continue;
    const std::int64_t rows = node.refs[0].tensor.size(0);
    const graph::Storage* indices = instance.first(node.refs[1]).storage;
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
  if (names.types && limits.types == 0) limits.types_tried = tried_types(program, length, limits);
  return limits;
}

}  // namespace bertrt::family
