#include "family/encoder_match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "family/convolution_match.h"
#include "family/embeddings_match.h"
#include "family/layer_blocks.h"
#include "family/layer_match.h"
#include "family/mask_match.h"
#include "family/norm_match.h"
#include "family/pooler_match.h"
#include "family/same_spec.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

class Chain {
 public:
  Chain(const Instance& instance, const Probe& probe, std::string& why)
      : instance_(instance), probe_(probe), masks_(instance, probe), why_(why) {}

  std::optional<MatchedEncoder> match() {
    std::string inner_why;  // of what stands on embeddings without a norm: of use where nothing else is found
    for (NodeId id = 0; id < instance_.nodes().size(); ++id) {
      if (!may_be_embeddings(instance_.node(id))) continue;
      std::string why;
      auto embeddings = match_embeddings(instance_, probe_, id, why);
      if (!embeddings) {
        if (why_.empty() && find_norm(instance_, id)) why_ = why;  // of the first: what stands above is none at all
        continue;
      }
      const bool normed = embeddings->embeddings.norm.has_value();
      found_.spec.embeddings = std::move(embeddings->embeddings);
      counts_mask_ = embeddings->counts_mask;
      found_.positions_given = embeddings->positions_given;
      const std::string before = std::exchange(why_, {});
      if (stack(embeddings->state, normed)) {
        finish();
        return std::move(found_);
      }
      found_ = {};
      ways_.clear();
      if (normed) return std::nullopt;
      if (inner_why.empty()) inner_why = why_;
      why_ = before;
    }
    if (!inner_why.empty()) why_ = inner_why;
    if (why_.empty()) why_ = "no embeddings of words that a layer stands on";
    return std::nullopt;
  }

 private:
  // Whether tokens are mixed by attention behind a state: then it is not the last layer's.
  bool attends_behind(NodeId state) const {
    const auto length = static_cast<std::int64_t>(probe_.length);
    for (NodeId id = state + 1; id < instance_.nodes().size(); ++id) {
      const Node& node = instance_.node(id);
      if (node.name == "aten::scaled_dot_product_attention" && node.refs[0].tensor.varies()) return true;
      const graph::Tensor& made = node.result.tensor;
      if (node.name == "aten::softmax" && made.rank() >= 3 && made.sizes().back() == length &&
          made.sizes()[made.sizes().size() - 2] == length && weighs(id) && text_asks(id)) {
        return true;
      }
    }
    return false;
  }

  // Whether the scores that a softmax is of are the text's own: a head may ask with learned queries, of which there can
  // be as many as tokens. Unknown: they are.
  bool text_asks(NodeId softmax) const {
    for (const Ref* ref = &instance_.node(softmax).refs[0]; ref->producer != kNoNode;) {
      const Node& node = instance_.node(ref->producer);
      if (node.name == "aten::matmul" || node.name == "aten::bmm") {
        return node.refs[0].tensor.varies() && node.refs[1].tensor.varies();
      }
      if (node.name == "aten::einsum") {
        return std::all_of(node.items.begin(), node.items.end(), [](const Ref& item) { return item.tensor.varies(); });
      }
      if (node.refs.empty() || !node.refs[0].tensor.defined()) return true;
      ref = &node.refs[0];
    }
    return true;
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

  // All layers from the embeddings on. Norms behind the sums are tried first; embeddings without a norm have them in
  // front.
  bool stack(NodeId embeddings, bool normed) {
    NodeId state = embeddings;
    std::string first_why;
    for (const bool norm_first : {false, true}) {
      if (!norm_first && !normed) continue;
      found_.spec.norm_first = norm_first;
      if (layer(state) || projected(state) || zeroed(state)) break;
      if (first_why.empty()) first_why = why_;
      why_.clear();
    }
    if (found_.states.empty()) {
      why_ = first_why.empty() && normed ? "no layer of this family stands on the embeddings" : first_why;
      return false;
    }
    convolved(state);
    while (layer(state)) {
    }
    if (shows_not_all() && !hides_alike()) return false;
    if (attends_behind(found_.states.back())) {
      if (why_.empty()) {
        why_ = "a layer behind the " + std::to_string(found_.spec.layers.size()) + " that are explained";
      }
      return false;
    }
    why_.clear();
    return true;
  }

  // Where something is hidden: what attention, embeddings and shares of dropped tokens do not see goes together.
  bool hides_alike() const {
    const MaskKind mask = found_.spec.mask;
    if (found_.zeroed ? mask == MaskKind::none : mask == MaskKind::pairs) {
      why_ = "tokens that are hidden as keys, or as embeddings, and not both";
      return false;
    }
    if (found_.spec.convolution && mask != MaskKind::pairs) {
      why_ = "a convolution that hides tokens which attention sees";
      return false;
    }
    if (found_.spec.embeddings.dropped && counts_mask_ != (mask == MaskKind::keys)) {
      why_ = "a share of dropped tokens among other tokens than those that attention sees";
      return false;
    }
    return true;
  }

  bool shows_not_all() const { return std::find(probe_.mask.begin(), probe_.mask.end(), 0) != probe_.mask.end(); }

  // Embeddings times the mask, which a layer stands on.
  bool zeroed(NodeId& state) {
    for (NodeId id = state + 1; id < instance_.nodes().size(); ++id) {
      const Node& node = instance_.node(id);
      if (node.partial || node.name != "aten::mul") continue;
      for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
        if (!is_token_mask(instance_, probe_, node.refs[side]) || instance_.whole(node.refs[1 - side]) != state)
          continue;
        NodeId inner = id;
        if (!layer(inner)) continue;
        found_.zeroed = true;
        state = inner;
        return true;
      }
    }
    return false;
  }

  // What a convolution of the first layer's input is added to.
  void convolved(NodeId& state) {
    auto found = find_convolution(instance_, probe_, found_.states.front(), state);
    if (!found) return;
    found_.spec.convolution = std::move(found->convolution);
    found_.states.back() = state = found->state;
  }

  // A dense layer on the embeddings that a layer stands on.
  bool projected(NodeId& state) {
    if (found_.spec.embeddings.projection) return false;
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
    auto found = find_layer(instance_, probe_, masks_, state, found_.spec.norm_first, why);
    if (!found || !take(*found, why)) {
      if (!why.empty()) why_ = why;
      return false;
    }
    if (found_.states.empty()) found_.states.push_back(state);
    found_.states.push_back(found->state);
    state = found->state;
    return true;
  }

  // What all layers have in common.
  bool fits(const AppliedLayer& layer, std::string& why) const {
    const EncoderSpec& spec = found_.spec;
    if (spec.heads != layer.heads || spec.head_size() != layer.head || spec.mask != layer.mask ||
        spec.causal != layer.causal || spec.hidden != layer.layer.attention_out.out() ||
        found_.key_heads != layer.key_heads) {
      why = "a layer with other heads, another mask (causal perhaps) or another width than the first";
      return false;
    }
    if (spec.slopes != layer.slopes) {
      why = "a layer whose scores lose more or less by distance than the first's";
      return false;
    }
    const bool bias = layer.bias.has_value();
    if (bias != spec.relative_bias.has_value() ||
        (bias && (!same_weight(layer.bias->table, spec.relative_bias->table) ||
                  layer.bias->rows != spec.relative_bias->rows))) {
      why = "a layer with another relative bias than the first";
      return false;
    }
    const bool positions = layer.positions.has_value();
    if (positions != spec.disentangled.has_value() ||
        (positions && !same_positions(*layer.positions, *spec.disentangled))) {
      why = "a layer with another table of distances than the first";
      return false;
    }
    return true;
  }

  bool take(AppliedLayer& layer, std::string& why) {
    EncoderSpec& spec = found_.spec;
    if (spec.layers.empty()) {
      spec.hidden = layer.layer.attention_out.out();
      spec.heads = layer.heads;
      if (layer.heads * layer.head != spec.hidden) spec.head = layer.head;
      spec.mask = layer.mask;
      spec.causal = layer.causal;
      found_.may_be_causal = layer.may_be_causal;
      spec.relative_bias = layer.bias;
      spec.slopes = layer.slopes;
      spec.disentangled = layer.positions;
      found_.key_heads = layer.key_heads;
    } else if (!fits(layer, why)) {
      return false;
    }
    why = odd_blocks(layer);
    if (!why.empty()) return false;
    if (layer.rotary && !take_rotary(layer, why)) return false;
    layer.layer.rotary = layer.rotary ? rotary_of(*layer.rotary, layer.turns_values) : kNotTurned;
    found_.head_steps.push_back(layer.head_step);
    spec.layers.push_back(std::move(layer.layer));
    return true;
  }

  // Positions are counted in one way, whoever reads them.
  bool take_rotary(const AppliedLayer& layer, std::string& why) {
    const bool first = found_.spec.rotary.empty() && !found_.spec.embeddings.positions;
    if (!first && found_.positions_given != layer.rotary->positions_given) {
      why = "positions that are given in one place and counted in another";
      return false;
    }
    found_.positions_given = layer.rotary->positions_given;
    return true;
  }

  std::size_t rotary_of(const Angles& angles, bool values) {
    std::size_t index = 0;
    while (index < ways_.size() && !(same_angles(ways_[index], angles) && found_.spec.rotary[index].values == values)) {
      ++index;
    }
    if (index < ways_.size()) return index;
    RotarySpec& rotary = found_.spec.rotary.emplace_back();
    rotary.frequencies = angles.frequencies;
    rotary.factor = angles.factor;
    if (angles.table) rotary.table = archive::to_float32(angles.table->tensor);
    rotary.values = values;
    found_.neighbours.push_back(angles.neighbours);
    ways_.push_back(angles);
    return index;
  }

  // What stands on the last layer, and what it says of all.
  void take_final_norm() {
    const NodeId last = found_.states.back();
    for (NodeId id = last + 1; id < instance_.nodes().size(); ++id) {
      auto norm = find_norm(instance_, id);
      if (!norm || instance_.whole(norm->input) != last) continue;
      found_.spec.final_norm = std::move(norm->norm);
      found_.states.back() = id;
      return;
    }
  }

  void finish() {
    for (LayerSpec& layer : found_.spec.layers) layer.rotary = std::min(layer.rotary, found_.spec.rotary.size());
    if (found_.spec.norm_first) take_final_norm();
    if (auto pooler = find_pooler(instance_, found_.states.back())) {
      found_.spec.pooler = std::move(pooler->dense);
      found_.pooled = pooler->node;
    }
  }

  static constexpr std::size_t kNotTurned = static_cast<std::size_t>(-1);

  const Instance& instance_;
  const Probe& probe_;
  MaskReader masks_;
  std::string& why_;
  bool counts_mask_ = false;  ///< MatchedEmbeddings::counts_mask
  std::vector<Angles> ways_;  ///< of found_.spec.rotary
  MatchedEncoder found_;
};

}  // namespace

std::optional<MatchedEncoder> match_encoder(const Instance& instance, const Probe& probe, std::string& why) {
  return Chain(instance, probe, why).match();
}

}  // namespace bertrt::family
