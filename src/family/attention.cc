#include "family/attention.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "family/disentangled_match.h"
#include "family/distance_match.h"
#include "family/heads_match.h"
#include "family/relative_bias_match.h"
#include "family/same_spec.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, MaskReader& masks, std::string& why)
      : instance_(instance),
        probe_(probe),
        masks_(masks),
        why_(why),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)) {}

  std::optional<AppliedAttention> match(const Ref& context) {
    // The node behind the context, and how many heads it has.
    const Element first = instance_.first(context);
    if (first.producer == kNoNode) return fail("attention's context is no result of an operator");
    const Node& node = instance_.node(first.producer);
    if (node.partial) return fail("attention's context is written in parts");
    const Sizes& made = node.result.tensor.sizes();
    if (made.size() < 3 || made[made.size() - 2] != length_) return fail_at(node, "not the product of attention");
    size_ = made.back();
    hidden_ = context.tensor.sizes().back();
    if (size_ == 0 || hidden_ % size_ != 0) return fail_at(node, "heads that do not make up the hidden size");
    heads_ = hidden_ / size_;
    if (node.result.tensor.elements() != texts_ * length_ * hidden_)
      return fail_at(node, "not the product of attention");
    const bool merged = instance_.maps(context, {texts_, length_, heads_, size_}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, ((at[0] * heads_ + at[2]) * length_ + at[1]) * size_ + at[3]};
    });
    if (!merged) return fail_at(node, "heads put together in another order");

    found_.heads = static_cast<std::size_t>(heads_);
    found_.head = static_cast<std::size_t>(size_);
    if (node.name == "aten::scaled_dot_product_attention") return fused(node);
    if (node.name == "aten::matmul" || node.name == "aten::bmm") return apart(node);
    return fail_at(node, "not the product of attention");
  }

 private:
  std::nullopt_t fail(std::string reason) {
    if (why_.empty()) why_ = std::move(reason);
    return std::nullopt;
  }
  std::nullopt_t fail_at(const Node& node, const std::string& reason) {
    const graph::Instruction& instruction = instance_.program().instructions[node.instruction];
    return fail(std::string(node.name) + " at " + instance_.program().where(instruction.place) + ": " + reason);
  }

  // Queries, keys and values must read the same rows in the same order; queries and keys are turned alike.
  bool same_input(const AppliedHeads& query, const AppliedHeads& key, const AppliedHeads& value, const Node& node) {
    const NodeId input = instance_.whole(query.input);
    if (input == kNoNode || input != instance_.whole(key.input) || input != instance_.whole(value.input)) {
      fail_at(node, "query, key and value that read different rows");
      return false;
    }
    if (query.heads != found_.heads || key.heads != value.heads || found_.heads % key.heads != 0) {
      fail_at(node, "keys and values with other heads");
      return false;
    }
    if (key.step != query.step || value.step != query.step) {
      fail_at(node, "heads of query, key and value that lie in different ways");
      return false;
    }
    found_.key_heads = key.heads;
    found_.head_step = query.step;
    const auto alike = [&](const AppliedHeads& other) {
      return query.rotary.has_value() == other.rotary.has_value() &&
             (!query.rotary || same_angles(query.rotary->angles, other.rotary->angles));
    };
    if (!alike(key) || (value.rotary && !alike(value))) {
      fail_at(node, "queries, keys and values that are turned in different ways");
      return false;
    }
    if (query.rotary) found_.rotary = query.rotary->angles;
    found_.turns_values = value.rotary.has_value();
    found_.query_norm = query.norm;
    found_.key_norm = key.norm;
    found_.query = query.dense;
    found_.key = key.dense;
    found_.value = value.dense;
    found_.input = query.input;
    return true;
  }

  std::optional<AppliedAttention> fused(const Node& node) {
    const auto dropout = number(node.arguments[4]);
    const auto causal = boolean(node.arguments[5]);
    if (dropout != 0.0 || !causal) return fail_at(node, "dropout");
    if (*causal && node.refs[3].tensor.defined()) return fail_at(node, "a causal mask beside another");
    found_.causal = *causal;
    const auto given = number(node.arguments[6]);
    double scale = given ? *given : 1 / std::sqrt(static_cast<double>(size_));
    // Where queries are grouped, each head of keys and values serves the same number of neighbouring ones.
    const bool grouped = node.arguments.size() > 7 && boolean(node.arguments[7]) == true;
    const std::int64_t shared = grouped && node.refs[1].tensor.rank() == 4 ? node.refs[1].tensor.size(1) : heads_;
    const HeadsMatcher match(instance_, probe_, size_);
    auto query = match.operand(node.refs[0], heads_, false, scale);
    auto key = match.operand(node.refs[1], shared, false, scale);
    const auto value = match.values(node.refs[2], shared);
    if (!query || !key || !value) return fail_at(node, "query, key or value that is no dense layer's output by heads");
    if (!same_input(*query, *key, *value, node)) return std::nullopt;
    found_.scale = static_cast<float>(scale);
    std::vector<Ref> added;
    bool truth = false;
    if (node.refs[3].tensor.defined()) {
      truth = node.refs[3].tensor.type() == graph::ElementType::boolean;
      added = truth ? std::vector<Ref>{node.refs[3]} : terms(instance_, node.refs[3]);
    }
    if (truth) {
      if (!take_mask(node, node.refs[3], true)) return std::nullopt;
    } else if (!read_added(node, added)) {
      return std::nullopt;
    }
    return found_;
  }

  std::optional<AppliedAttention> apart(const Node& product) {
    const HeadsMatcher match(instance_, probe_, size_);
    const auto value = match.values(product.refs[1], heads_);
    if (!value) return fail_at(product, "values that are no dense layer's output by heads");
    const NodeId top = instance_.whole(product.refs[0]);
    if (top == kNoNode || instance_.node(top).name != "aten::softmax") return fail_at(product, "not softmax's result");
    const Node& softmax = instance_.node(top);
    const auto axis = number(softmax.arguments[1]);
    if (axis != -1.0 && axis != static_cast<double>(softmax.refs[0].tensor.rank() - 1)) {
      return fail_at(softmax, "not over the keys");
    }
    // From softmax's argument down to the product: masks, biases, factors.
    Ref ref = softmax.refs[0];
    double scale = 1;
    std::vector<Ref> added;
    while (true) {
      const NodeId id = instance_.whole(ref);
      if (id == kNoNode) return fail_at(softmax, "scores that are no operator's result");
      const Node& node = instance_.node(id);
      if ((node.name == "aten::matmul" || node.name == "aten::bmm") && !node.partial) {
        auto query = match.operand(node.refs[0], heads_, false, scale);
        auto key = match.operand(node.refs[1], heads_, true, scale);
        if (!query || !key) return fail_at(node, "query or key that is no dense layer's output by heads");
        if (!same_input(*query, *key, *value, product)) return std::nullopt;
        found_.scale = static_cast<float>(scale);
        for (const AppliedPositions& positions : positions_) {
          if (!take_positions(positions, node)) return std::nullopt;
        }
        if (!take_distances(node)) return std::nullopt;
        if (!read_added(softmax, added)) return std::nullopt;
        return found_;
      }
      if (node.name == "aten::add" && !node.partial && number(node.arguments[1]) == 0.0) {
        ref = node.refs[0];
        continue;
      }
      if (node.name == "aten::add" && !node.partial && number(node.arguments[2]) == 1.0) {
        std::optional<Ref> rest;
        for (const Ref& term : terms(instance_, node.result)) {
          auto positions = term.tensor.known() ? std::nullopt : find_positions(instance_, probe_, term, heads_, size_);
          auto distances =
              term.tensor.known() || positions ? std::nullopt : find_distances(instance_, probe_, term, heads_, size_);
          const bool scores = !positions && !distances && !term.tensor.known() && is_scores(term);
          if (scores && rest) return fail_at(node, "two products added");
          if (scores) {
            rest = term;
          } else if (positions) {
            positions->scale *= scale;
            positions_.push_back(std::move(*positions));
          } else if (distances) {
            distances->scale *= scale;
            distances_.push_back(std::move(*distances));
          } else {
            if (scale != 1) return fail_at(node, "a factor on scores and bias together");
            added.push_back(term);
          }
        }
        if (!rest || rest->producer == node.result.producer) return fail_at(node, "a sum without scores");
        ref = *rest;
        continue;
      }
      if ((node.name == "aten::masked_fill" || node.name == "aten::where") && !node.partial) {
        // masked_fill(scores, hides, fill); where(hides, fill, scores) or where(shows, scores, fill).
        const bool filled = node.name == "aten::masked_fill";
        const bool shown = !filled && !number(node.arguments[1]);
        const auto fill = number(node.arguments[filled || shown ? 2 : 1]);
        const Ref& condition = node.refs[filled ? 1 : 0];
        if (scale <= 0) return fail_at(node, "a factor that turns a mask around");
        // Factors between it and softmax shrink it, too.
        if (!fill || !condition.tensor.defined() || *fill * scale > MaskReader::kHidden) {
          return fail_at(node, "a fill that hides no key");
        }
        if (!take_mask(node, condition, shown, std::isfinite(*fill))) return std::nullopt;
        ref = node.refs[filled ? 0 : shown ? 1 : 2];
        continue;
      }
      const auto inner = scaled(node, scale);
      if (!inner) return fail_at(node, "an operator between scores and softmax that no attention of this family has");
      ref = *inner;
    }
  }

  // Both kinds read one table by one rule, and are scaled as the scores.
  bool take_positions(const AppliedPositions& positions, const Node& node) {
    std::optional<Dense>& own = positions.by_key ? found_.position_query : found_.position_key;
    const Dense& tokens = positions.by_key ? found_.key : found_.query;
    const bool alike = !found_.positions || same_positions(*found_.positions, positions.positions);
    if (own || !alike || positions.tokens.rotary || positions.tokens.norm || positions.tokens.heads != found_.heads ||
        !same_dense(positions.tokens.dense, tokens) ||
        instance_.whole(positions.tokens.input) != instance_.whole(found_.input) ||
        static_cast<float>(positions.scale) != found_.scale) {
      return fail_at(node, "products with positions that are no part of these scores"), false;
    }
    own = positions.dense;
    found_.positions = positions.positions;
    return true;
  }

  // Of the same queries as the scores, and perhaps of the same keys with the same rows.
  bool take_distances(const Node& node) {
    if (distances_.empty()) return true;
    const auto fits = [&](const AppliedDistances& one) {
      return !one.tokens.rotary && !one.tokens.norm && one.tokens.heads == found_.heads &&
             one.tokens.step == found_.head_step && same_weight(one.table, distances_[0].table) &&
             one.scale == distances_[0].scale && same_dense(one.tokens.dense, one.by_key ? found_.key : found_.query) &&
             instance_.whole(one.tokens.input) == instance_.whole(found_.input);
    };
    const bool by_key = distances_.size() == 2;
    const bool both = by_key && distances_[0].by_key != distances_[1].by_key;
    if (distances_.size() > 2 || by_key != both || (!both && distances_[0].by_key) ||
        !std::all_of(distances_.begin(), distances_.end(), fits) || found_.query_norm || found_.key_norm) {
      return fail_at(node, "products with distances that are no part of these scores"), false;
    }
    found_.distances = DistanceSpec{distances_[0].table, by_key, static_cast<float>(distances_[0].scale)};
    return true;
  }

  bool is_scores(const Ref& term) const {
    const Element first = instance_.first(term);
    if (first.producer == kNoNode) return false;
    const Node& node = instance_.node(first.producer);
    return node.name != "aten::embedding" && term.tensor.elements() == texts_ * heads_ * length_ * length_ &&
           node.result.tensor.elements() == term.tensor.elements();
  }

  Sizes score_sizes(const Ref& ref) const {
    if (ref.tensor.rank() == 3) return {texts_ * heads_, length_, length_};
    return {texts_, heads_, length_, length_};
  }

  bool read_added(const Node& node, const std::vector<Ref>& added) {
    for (const Ref& term : added) {
      if (number(graph::Value(term.tensor)) == 0.0) continue;
      if (term.tensor.known()) {
        if (!take_mask(node, term, false)) return false;
      } else if (!read_bias(node, term)) {
        return false;
      }
    }
    return true;
  }

  // Masks of one attention hide together.
  bool take_mask(const Node& node, const Ref& ref, bool shown, bool filled = false) {
    std::string why;
    const auto mask = masks_.read(ref, score_sizes(ref), shown, filled, why);
    if (!mask) return fail_at(node, why), false;
    if (mask->kind != MaskKind::none) {
      if (found_.mask != MaskKind::none && found_.mask != mask->kind) return fail_at(node, "masks of two kinds"), false;
      found_.mask = mask->kind;
    }
    found_.causal = found_.causal || mask->causal;
    found_.may_be_causal = found_.may_be_causal || mask->may_be_causal;
    if (!mask->slopes.empty()) {
      if (!found_.slopes.empty()) return fail_at(node, "two terms of distances"), false;
      found_.slopes = mask->slopes;
    }
    if (mask->window != 0) {
      found_.window = found_.window == 0 ? mask->window : std::min(found_.window, mask->window);
    }
    return true;
  }

  bool read_bias(const Node& node, const Ref& ref) {
    std::string why;
    auto bias = find_relative_bias(instance_, probe_, ref, heads_, why);
    if (!bias) return fail_at(node, why), false;
    if (found_.bias) return fail_at(node, "two biases of scores"), false;
    found_.bias = std::move(bias);
    return true;
  }

  const Instance& instance_;
  const Probe& probe_;
  MaskReader& masks_;
  std::string& why_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t size_ = 0;
  std::int64_t hidden_ = 0;
  std::int64_t heads_ = 0;
  std::vector<AppliedPositions> positions_;
  std::vector<AppliedDistances> distances_;
  AppliedAttention found_;
};

}  // namespace

std::optional<AppliedAttention> find_attention(const Instance& instance, const Probe& probe, MaskReader& masks,
                                               const Ref& context, std::string& why) {
  return Matcher(instance, probe, masks, why).match(context);
}

}  // namespace bertrt::family
