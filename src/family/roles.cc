#include "family/roles.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "family/function.h"
#include "family/norm_match.h"
#include "family/once.h"
#include "family/rows.h"
#include "family/shape_roles.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

class RoleFinder {
 public:
  RoleFinder(const Instance& instance, const MatchedEncoder* encoder, std::vector<HeadSpec>& heads)
      : instance_(instance), shapes_(instance), encoder_(encoder), rows_(instance, shapes_, encoder), heads_(heads) {}

  std::vector<OutputPlan> all() {
    std::vector<OutputPlan> plans;
    for (const auto& [path, ref] : instance_.outputs()) {
      OutputPlan plan = one(ref);
      plan.name = path.name;
      plan.order = ref.tensor.elements() == 0 ? kNoNode : instance_.whole(ref);
      plan.embeddings = plan.role == OutputRole::hidden_state && plan.order < first_attention();
      plans.push_back(std::move(plan));
    }
    pair_spans(plans);
    return plans;
  }

 private:
  OutputPlan one(const Ref& ref) {
    OutputPlan plan;
    const Sizes& sizes = ref.tensor.sizes();
    if (texts_ == 0 || sizes.empty() || sizes[0] != texts_) return plan;
    const NodeId node = instance_.whole(ref);
    if (encoder_ != nullptr && node != kNoNode) {
      const auto state = std::find(encoder_->states.begin(), encoder_->states.end(), node);
      if (state != encoder_->states.end() && sizes.size() == 3) {
        plan.role = OutputRole::hidden_state;
        plan.evidence = Evidence::recognized;
        plan.source = OutputPlan::Source::state;
        plan.index = static_cast<std::size_t>(state - encoder_->states.begin());
        return plan;
      }
      if (node == encoder_->pooled && sizes.size() == 2) {
        plan.role = OutputRole::pooled_output;
        plan.evidence = Evidence::recognized;
        plan.source = OutputPlan::Source::pooled;
        return plan;
      }
    }
    if (encoder_ == nullptr && node != kNoNode && sizes.size() == 3 && sizes[1] == length_ && shapes_.is_state(node)) {
      plan.role = OutputRole::hidden_state;
      plan.evidence = Evidence::by_shape;
      return plan;
    }
    if (encoder_ == nullptr && node != kNoNode && sizes.size() == 2 && shapes_.is_pooled(node)) {
      plan.role = OutputRole::pooled_output;
      plan.evidence = Evidence::by_shape;
      return plan;
    }
    take_logits(ref, plan);
    return plan;
  }

  NodeId first_attention() const {
    for (NodeId id = 0; id < instance_.nodes().size(); ++id) {
      const std::string_view name = instance_.node(id).name;
      if (name == "aten::softmax" || name == "aten::scaled_dot_product_attention") return id;
    }
    return 0;
  }

  void take_logits(const Ref& ref, OutputPlan& plan) {
    const Sizes& sizes = ref.tensor.sizes();
    Rows rows = logits(ref, 0);
    const bool strict = rows != Rows::unknown;
    if (!strict) {
      by_shape_ = true;
      rows = logits(ref, 0);
      by_shape_ = false;
    }
    const bool per_token = sizes.size() >= 2 && sizes.size() <= 3 && sizes[1] == length_;
    if (rows == Rows::tokens && per_token) plan.role = OutputRole::token_logits;
    if (rows == Rows::texts && sizes.size() <= 2) plan.role = OutputRole::text_logits;
    if (plan.role == OutputRole::other) return;
    plan.evidence = strict ? Evidence::recognized : Evidence::by_shape;
    if (!strict) return;
    if (sizes.size() == 2 && rows == Rows::tokens) {
      // One of two columns apart: where an answer begins or ends.
      const Element first = instance_.first(ref);
      if (first.producer == kNoNode) return;
      const graph::Tensor& made = instance_.node(first.producer).result.tensor;
      if (made.rank() != 3 || made.sizes().back() != 2) return;
      const std::int64_t column = first.index;
      if (column > 1 || !instance_.maps(ref, {texts_, length_}, [&](const Sizes& at) {
            return Element{first.producer, nullptr, (at[0] * length_ + at[1]) * 2 + column};
          })) {
        return;
      }
      plan.column = static_cast<std::size_t>(column);
      plan.pair = first.producer;
      if (encoder_ == nullptr) return;
      if (const auto head = find_head(first.producer)) {
        plan.source = OutputPlan::Source::head;
        plan.index = *head;
      }
      return;
    }
    if (encoder_ == nullptr) return;
    const NodeId node = instance_.whole(ref);
    if (node == kNoNode || sizes.size() != (rows == Rows::tokens ? 3U : 2U)) return;
    if (const auto head = find_head(node)) {
      plan.source = OutputPlan::Source::head;
      plan.index = *head;
    }
  }

  // The columns of one [texts, tokens, 2] map: start and end where both are given, and nothing of the kind else.
  void pair_spans(std::vector<OutputPlan>& plans) {
    for (OutputPlan& plan : plans) {
      if (plan.pair == kNoNode) continue;
      const bool both = std::count_if(plans.begin(), plans.end(), [&](const OutputPlan& other) {
                          return other.pair == plan.pair && other.column != plan.column;
                        }) == 1;
      if (both) plan.role = plan.column == 0 ? OutputRole::start_logits : OutputRole::end_logits;
      if (!both) plan.source = OutputPlan::Source::operators;
    }
  }

  // ---- logits: a linear map of rows; with constants added or multiplied (bias, temperature, log of the classes'
  // shares), bounds, banned classes, log_softmax and zeros at hidden tokens at most ----

  static constexpr std::size_t kMaxDepth = 64;

  Rows logits(const Ref& ref, std::size_t depth) {
    if (depth > kMaxDepth || !ref.tensor.defined() || ref.tensor.known()) return Rows::unknown;
    if (ref.producer != kNoNode && instance_.node(ref.producer).partial) return logits_written_over(ref, depth);
    const NodeId id = instance_.whole(ref);
    if (id == kNoNode) return logits_of_part(ref, depth);
    return once(by_shape_ ? logits_by_shape_ : logits_, id, [&] { return logits_of_node(id, depth); });
  }

  // logits[:, :, :3] = -inf: what they were before.
  Rows logits_written_over(const Ref& ref, std::size_t depth) {
    const Node& node = instance_.node(ref.producer);
    const auto is_fixed = [&](std::size_t i) {
      return i < node.arguments.size() && (number(node.arguments[i]) || fixed(node.refs[i]));
    };
    const bool written = (node.name == "aten::fill" || node.name == "aten::copy") && is_fixed(1);
    const bool filled = node.name == "aten::masked_fill" && fixed(node.refs[1]);
    if (!written && !filled) return Rows::unknown;
    return logits({ref.tensor, node.refs[0].producer}, depth + 1);
  }

  Rows logits_of_node(NodeId id, std::size_t depth) {
    if (const auto input = input_of_dense(instance_, id)) {
      const Rows read = rows_.of(*input);
      return read == Rows::unknown && by_shape_ ? rows_by_shape(instance_.node(id).result.tensor.sizes()) : read;
    }
    if (mean_of_tokens(id, depth)) return Rows::texts;
    const Node& node = instance_.node(id);
    if (node.partial) return Rows::unknown;
    const auto constant = [&](std::size_t i) {
      return i < node.arguments.size() && (number(node.arguments[i]) || steady(node.refs[i]));
    };
    if (node.name == "aten::add" || node.name == "aten::sub" || node.name == "aten::mul" || node.name == "aten::div") {
      if (constant(1)) return logits(node.refs[0], depth + 1);
      if (constant(0) && node.name != "aten::div") return logits(node.refs[1], depth + 1);
      if (node.name == "aten::mul" && seen_tokens(node.refs[1])) return logits(node.refs[0], depth + 1);
      if (node.name == "aten::mul" && seen_tokens(node.refs[0])) return logits(node.refs[1], depth + 1);
      return Rows::unknown;
    }
    if (node.name == "aten::clamp" || node.name == "aten::clamp_min" || node.name == "aten::clamp_max") {
      for (std::size_t i = 1; i < node.arguments.size(); ++i) {
        if (!node.arguments[i].none() && !constant(i)) return Rows::unknown;
      }
      return logits(node.refs[0], depth + 1);
    }
    if (node.name == "aten::masked_fill" && fixed(node.refs[1])) return logits(node.refs[0], depth + 1);
    if (node.name == "aten::index_fill" && node.refs.size() > 2 && fixed(node.refs[2])) {
      return logits(node.refs[0], depth + 1);
    }
    if (node.name == "aten::where" && fixed(node.refs[0])) {
      return logits(node.refs[number(node.arguments[1]) ? 2 : 1], depth + 1);
    }
    if (node.name == "aten::log_softmax") {
      const auto axis = number(node.arguments[1]);
      const auto last = static_cast<double>(node.refs[0].tensor.rank() - 1);
      if (axis == -1.0 || axis == last) return logits(node.refs[0], depth + 1);
    }
    return Rows::unknown;
  }

  // Of a head that reads something of its own (an LSTM's states, layers side by side, a pooling): what its last linear
  // map has rows for.
  Rows rows_by_shape(const Sizes& sizes) const {
    if (sizes.size() == 3 && sizes[0] == texts_ && sizes[1] == length_) return Rows::tokens;
    return sizes.size() == 2 && sizes[0] == texts_ ? Rows::texts : Rows::unknown;
  }

  // The mean of what each token's row says, those that the mask hides left out.
  bool mean_of_tokens(NodeId id, std::size_t depth) {
    const Node* node = &instance_.node(id);
    const auto known = [](const Ref& ref) { return ref.tensor.defined() && ref.tensor.known(); };
    if (node->partial) return false;
    if (node->name == "aten::div" && known(node->refs[1])) node = whole_node(instance_, node->refs[0], "aten::sum");
    if (node == nullptr || (node->name != "aten::sum" && node->name != "aten::mean") || !RowFinder::over_tokens(*node))
      return false;
    const Ref* each = &node->refs[0];
    const Node* seen = whole_node(instance_, *each, "aten::mul");
    if (seen != nullptr && known(seen->refs[1])) each = &seen->refs[0];
    return logits(*each, depth + 1) == Rows::tokens;
  }

  // The same whatever the inputs are.
  static bool steady(const Ref& ref) { return ref.tensor.defined() && !ref.tensor.varies(); }

  // A number for each token, made of a mask: 0 at those that are hidden.
  bool seen_tokens(const Ref& ref) const {
    return ref.tensor.defined() && ref.tensor.known() && ref.tensor.sizes() == Sizes{texts_, length_, 1};
  }

  // Known and the same whatever the inputs are: which classes are banned.
  static bool fixed(const Ref& ref) { return steady(ref) && ref.tensor.known(); }

  // Some neighbouring columns of a node's, or its one column without the axis.
  Rows logits_of_part(const Ref& ref, std::size_t depth) {
    const Element first = instance_.first(ref);
    if (first.producer == kNoNode || first.index < 0) return Rows::unknown;
    const Ref& made = instance_.node(first.producer).result;
    if (made.tensor.rank() == 0 || instance_.node(first.producer).partial) return Rows::unknown;
    const std::int64_t width = made.tensor.sizes().back();
    const std::int64_t count = width == 0 ? 0 : made.tensor.elements() / width;
    if (count == 0 || ref.tensor.elements() % count != 0) return Rows::unknown;
    const std::int64_t columns = ref.tensor.elements() / count;
    if (first.index + columns > width) return Rows::unknown;
    const bool part = instance_.maps(ref, {count, columns}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, at[0] * width + first.index + at[1]};
    });
    return part ? logits(made, depth + 1) : Rows::unknown;
  }

  // ---- heads: [dense, activation, norm] and an output layer
  // ----------------------------------------------------------

  std::optional<std::size_t> find_head(NodeId output) {
    for (const auto& [node, index] : head_of_) {
      if (node == output) return index;
    }
    auto top = find_dense(instance_, output);
    if (!top) return std::nullopt;
    HeadSpec head;
    head.output = std::move(top->dense);
    Ref ref = top->input;
    if (!read_source(ref, head)) {
      if (auto norm = find_norm(instance_, instance_.whole(ref))) {
        head.norm = std::move(norm->norm);
        ref = norm->input;
      }
      const NodeId id = instance_.whole(ref);
      if (const auto applied = id == kNoNode ? std::nullopt : find_activation(instance_, id)) {
        head.activation = applied->activation;
        ref = applied->input;
      }
      auto dense = find_dense(instance_, instance_.whole(ref));
      if (!dense) return std::nullopt;
      head.dense = std::move(dense->dense);
      ref = dense->input;
      if (!read_source(ref, head)) return std::nullopt;
    }
    heads_.push_back(std::move(head));
    head_of_.emplace_back(output, heads_.size() - 1);
    return heads_.size() - 1;
  }

  bool read_source(const Ref& ref, HeadSpec& head) const {
    const NodeId last = encoder_->states.back();
    const NodeId id = instance_.whole(ref);
    if (id != kNoNode && id == last) {
      head.reads = HeadSpec::Reads::tokens;
    } else if (id != kNoNode && encoder_->pooled == id) {
      head.reads = HeadSpec::Reads::pooled;
    } else if (shapes_.first_token_of(ref) == last) {
      head.reads = HeadSpec::Reads::first_token;
    } else {
      return false;
    }
    return true;
  }

  const Instance& instance_;
  ShapeRoles shapes_;
  const MatchedEncoder* encoder_;
  RowFinder rows_;
  std::vector<HeadSpec>& heads_;
  std::vector<std::pair<NodeId, std::size_t>> head_of_;
  bool by_shape_ = false;
  std::map<NodeId, Rows> logits_;
  std::map<NodeId, Rows> logits_by_shape_;
  const std::int64_t texts_ = shapes_.texts();
  const std::int64_t length_ = shapes_.length();
};

}  // namespace

std::vector<OutputPlan> find_roles(const Instance& instance, const MatchedEncoder* encoder,
                                   std::vector<HeadSpec>& heads) {
  return RoleFinder(instance, encoder, heads).all();
}

}  // namespace bertrt::family
