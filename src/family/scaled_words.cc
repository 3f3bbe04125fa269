#include "family/scaled_words.h"

#include <cmath>
#include <cstdint>

#include "family/heads_match.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

// Operators between a table and a sum of embeddings: more than any model has.
constexpr int kMostSteps = 16;

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe)
      : instance_(instance),
        names_(input_names(instance.program())),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)) {}

  std::optional<ScaledWords> match(const Ref& term) {
    ScaledWords found;
    found.rows = term;
    double scale = 1;
    std::optional<std::int64_t> filled;
    std::optional<std::int64_t> shared;
    for (int steps = 0; steps < kMostSteps; ++steps) {
      const NodeId id = found.rows.tensor.known() ? kNoNode : instance_.whole(found.rows);
      if (id == kNoNode) break;
      const Node& node = instance_.node(id);
      if (const auto inner = scaled(node, scale)) {
        found.rows = *inner;
      } else if (!filled && is_zeroed(node)) {
        filled = compared_id(node.refs[1], {texts_, length_, 1});
        if (!filled) return std::nullopt;
        found.rows = node.refs[0];
      } else if (!shared && divides(node)) {
        shared = dropped_id(node.refs[1], found.counts_mask);
        if (!shared) return std::nullopt;
        found.rows = node.refs[0];
      } else {
        break;
      }
    }
    if (filled != shared || !std::isfinite(static_cast<float>(scale))) return std::nullopt;
    if (filled) {
      found.dropped = DroppedToken{*filled, static_cast<float>(scale)};
    } else {
      found.scale = static_cast<float>(scale);
    }
    return found;
  }

 private:
  static bool is_zeroed(const Node& node) {
    return !node.partial && node.name == "aten::masked_fill" && number(node.arguments[2]) == 0.0;
  }

  static bool divides(const Node& node) {
    return !node.partial && node.name == "aten::div" && node.refs[0].tensor.defined() &&
           node.refs[1].tensor.defined() && node.refs[0].tensor.elements() == node.result.tensor.elements() &&
           (node.arguments.size() < 3 || node.arguments[2].none());
  }

  // Whether a whole tensor [texts, tokens] is an input.
  bool is_input(const Ref& ref, const std::optional<std::size_t>& input) const {
    if (!input || !ref.tensor.defined()) return false;
    const graph::Storage* storage = instance_.inputs()[*input].tensor()->storage()->origin();
    return instance_.maps(ref, {texts_, length_}, [&](const Sizes& at) {
      return Element{kNoNode, storage, at[0] * length_ + at[1]};
    });
  }

  // id of input_ids == id, seen as `sizes`.
  std::optional<std::int64_t> compared_id(const Ref& ref, const Sizes& sizes) const {
    const auto wide = ref.tensor.defined() ? broadcast(ref, sizes) : std::nullopt;
    const Element first = wide ? instance_.first(*wide) : Element{};
    if (first.producer == kNoNode) return std::nullopt;
    const Node& node = instance_.node(first.producer);
    const bool in_order = instance_.maps(*wide, {texts_, length_}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, at[0] * length_ + at[1]};
    });
    if (!in_order || node.partial || node.name != "aten::eq" || !is_input(node.refs[0], names_.ids)) {
      return std::nullopt;
    }
    const auto* id = node.arguments[1].integer();
    return id == nullptr ? std::nullopt : std::optional(*id);
  }

  // x of sum(x, [-1]): a number a text.
  const Ref* summed(const Ref& ref) const {
    const Node* node = whole_node(instance_, ref, "aten::sum");
    const graph::List* axes = node == nullptr ? nullptr : node->arguments[1].list();
    if (axes == nullptr || axes->items.size() != 1 || !over_last_axis(axes->items[0], node->refs[0])) return nullptr;
    return &node->refs[0];
  }

  // id of 1 - sum(ids == id) / tokens, for each text.
  std::optional<std::int64_t> dropped_id(const Ref& ref, bool& counts_mask) const {
    const auto wide = broadcast(ref, {texts_, 1, 1});
    const Element first = wide ? instance_.first(*wide) : Element{};
    if (first.producer == kNoNode) return std::nullopt;
    const Node& others = instance_.node(first.producer);
    const bool in_order = instance_.maps(*wide, {texts_}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, at[0]};
    });
    if (!in_order || others.partial || others.name != "aten::rsub" || number(others.arguments[1]) != 1.0 ||
        number(others.arguments[2]) != 1.0) {
      return std::nullopt;
    }
    const Node* share = whole_node(instance_, others.refs[0], "aten::div");
    if (share == nullptr || (share->arguments.size() > 2 && !share->arguments[2].none())) return std::nullopt;
    const Node* widened = whole_node(instance_, share->refs[0], "aten::to");
    const Ref* count = widened == nullptr ? nullptr : summed(widened->refs[0]);
    const Ref* mask = summed(share->refs[1]);
    counts_mask = mask != nullptr;
    if (count == nullptr || !graph::is_floating(widened->result.tensor.type())) return std::nullopt;
    if (mask != nullptr ? !is_input(*mask, names_.mask) : !is_length(share->arguments[1])) return std::nullopt;
    return compared_id(*count, {texts_, length_});
  }

  bool is_length(const graph::Value& value) const { return number(value) == static_cast<double>(length_); }

  const Instance& instance_;
  InputNames names_;
  std::int64_t texts_;
  std::int64_t length_;
};

}  // namespace

std::optional<ScaledWords> find_scaled_words(const Instance& instance, const Probe& probe, const Ref& term) {
  return Matcher(instance, probe).match(term);
}

}  // namespace bertrt::family
