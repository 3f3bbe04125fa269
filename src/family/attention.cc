#include "family/attention.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

// Additive masks below this hide a key: exp of it is 0 in float32, whatever the scores of a trained model are.
constexpr double kHidden = -1000;

// An operand of attention, head by head.
struct Heads {
  Dense dense;
  Ref input;
};

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, std::string& why)
      : instance_(instance),
        probe_(probe),
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

  // A dense layer's output seen as [texts, heads, tokens, size]; `turned`: [texts, heads, size, tokens]. Fused
  // projections are parts of one matrix.
  std::optional<Heads> split(const Ref& ref, bool turned) {
    if (ref.tensor.elements() != texts_ * length_ * hidden_) return std::nullopt;
    const Element first = instance_.first(ref);
    if (first.producer == kNoNode) return std::nullopt;
    auto dense = find_dense(instance_, first.producer);
    if (!dense) return std::nullopt;
    const std::int64_t width = static_cast<std::int64_t>(dense->dense.out());
    const std::int64_t from = first.index;
    if (from < 0 || from + hidden_ > width) return std::nullopt;
    const Sizes sizes = turned ? Sizes{texts_, heads_, size_, length_} : Sizes{texts_, heads_, length_, size_};
    const bool same = instance_.maps(ref, sizes, [&](const Sizes& at) {
      const std::int64_t token = turned ? at[3] : at[2];
      const std::int64_t column = turned ? at[2] : at[3];
      return Element{first.producer, nullptr, (at[0] * length_ + token) * width + from + at[1] * size_ + column};
    });
    if (!same) return std::nullopt;
    if (width != hidden_) take_rows(dense->dense, from, hidden_);
    return Heads{std::move(dense->dense), dense->input};
  }

  static void take_rows(Dense& dense, std::int64_t from, std::int64_t count) {
    archive::TensorView& matrix = dense.weight.tensor;
    matrix.storage_offset += from * matrix.strides[0];
    matrix.shape[0] = count;
    if (dense.bias) {
      dense.bias->tensor.storage_offset += from * dense.bias->tensor.strides[0];
      dense.bias->tensor.shape[0] = count;
    }
  }

  // The same with factors of Python numbers in front of it.
  std::optional<Heads> scaled_split(Ref ref, bool turned, double& scale) {
    while (true) {
      if (auto heads = split(ref, turned)) return heads;
      const NodeId id = instance_.whole(ref);
      std::optional<Ref> inner = id == kNoNode ? std::nullopt : scaled(instance_.node(id), scale);
      if (!inner) {
        // The factor may stand before the heads were split: on the dense layer's output itself.
        const Element first = ref.tensor.elements() == 0 ? Element{} : instance_.first(ref);
        if (first.producer == kNoNode) return std::nullopt;
        const Node& node = instance_.node(first.producer);
        inner = scaled(node, scale);
        if (!inner) return std::nullopt;
        // Look at the operand through the same view.
        if (inner->tensor.sizes() != node.result.tensor.sizes() || !node.result.tensor.contiguous())
          return std::nullopt;
        auto seen = through(ref, first.producer, *inner);
        if (!seen) return std::nullopt;
        ref = *seen;
        continue;
      }
      ref = *inner;
    }
  }

  // `ref`, a view of a whole fresh node, as a view of `operand` that has the node's sizes.
  static std::optional<Ref> through(const Ref& ref, NodeId node, const Ref& operand) {
    if (ref.producer != node || !operand.tensor.contiguous()) return std::nullopt;
    Ref seen = operand;
    seen.tensor =
        operand.tensor.view_as(ref.tensor.sizes(), ref.tensor.strides(), operand.tensor.offset() + ref.tensor.offset());
    return seen;
  }

  // x of x * c or x / c; `scale` takes the factor.
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

  // Queries, keys and values must read the same rows in the same order.
  bool same_input(const Heads& query, const Heads& key, const Heads& value, const Node& node) {
    const NodeId input = instance_.whole(query.input);
    if (input == kNoNode || input != instance_.whole(key.input) || input != instance_.whole(value.input)) {
      fail_at(node, "query, key and value that read different rows");
      return false;
    }
    found_.query = query.dense;
    found_.key = key.dense;
    found_.value = value.dense;
    found_.input = query.input;
    return true;
  }

  std::optional<AppliedAttention> fused(const Node& node) {
    const auto dropout = number(node.arguments[4]);
    const auto causal = boolean(node.arguments[5]);
    if (dropout != 0.0 || causal != false) return fail_at(node, "dropout or a causal mask");
    const auto given = number(node.arguments[6]);
    double scale = given ? *given : 1 / std::sqrt(static_cast<double>(size_));
    if (node.arguments.size() > 7 && boolean(node.arguments[7]) != false) return fail_at(node, "grouped queries");
    auto query = scaled_split(node.refs[0], false, scale);
    auto key = scaled_split(node.refs[1], false, scale);
    const auto value = split(node.refs[2], false);
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
      if (!read_mask(node, node.refs[3], true)) return std::nullopt;
    } else if (!read_added(node, added)) {
      return std::nullopt;
    }
    return found_;
  }

  std::optional<AppliedAttention> apart(const Node& product) {
    const auto value = split(product.refs[1], false);
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
        auto query = scaled_split(node.refs[0], false, scale);
        auto key = scaled_split(node.refs[1], true, scale);
        if (!query || !key) return fail_at(node, "query or key that is no dense layer's output by heads");
        if (!same_input(*query, *key, *value, product)) return std::nullopt;
        found_.scale = static_cast<float>(scale);
        if (!read_added(softmax, added)) return std::nullopt;
        return found_;
      }
      if (node.name == "aten::add" && !node.partial && number(node.arguments[2]) == 1.0) {
        std::optional<Ref> rest;
        for (const Ref& term : terms(instance_, node.result)) {
          const bool scores = !term.tensor.known() && is_scores(term);
          if (scores && rest) return fail_at(node, "two products added");
          if (scores) {
            rest = term;
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
        if (!fill || !condition.tensor.defined() || *fill * scale > kHidden) {
          return fail_at(node, "a fill that hides no key");
        }
        if (!read_mask(node, condition, shown)) return std::nullopt;
        ref = node.refs[filled ? 0 : shown ? 1 : 2];
        continue;
      }
      const auto inner = scaled(node, scale);
      if (!inner) return fail_at(node, "an operator between scores and softmax that no attention of this family has");
      ref = *inner;
    }
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
    bool mask = false;
    for (const Ref& term : added) {
      if (term.tensor.known()) {
        if (mask) return fail_at(node, "two masks"), false;
        mask = true;
        if (!read_mask(node, term, false)) return false;
      } else if (!read_bias(node, term)) {
        return false;
      }
    }
    return true;
  }

  // A known tensor over [texts, heads, queries, keys]: numbers to add (0, or at most kHidden), or truths. `shown`: a
  // true value shows its key; else it hides it.
  bool read_mask(const Node& node, const Ref& ref, bool shown) {
    if (!ref.tensor.known()) return fail_at(node, "a mask that depends on weights"), false;
    const auto wide = broadcast(ref, score_sizes(ref));
    if (!wide) return fail_at(node, "a mask of another shape"), false;
    const bool truth = ref.tensor.type() == graph::ElementType::boolean;
    // As a rule it is the same for all heads, often for all queries: then once is enough.
    Sizes sizes = wide->tensor.sizes();
    for (std::size_t axis = 1; axis + 1 < sizes.size(); ++axis) {
      if (wide->tensor.strides()[axis] == 0) sizes[axis] = 1;
    }
    const std::int64_t heads = sizes.size() == 3 ? heads_ : sizes[1];
    const std::int64_t queries = sizes[sizes.size() - 2];
    const Tensor once(wide->tensor.storage(), std::move(sizes), wide->tensor.strides(), wide->tensor.offset());
    const std::vector<float> numbers = truth ? std::vector<float>() : graph::to_floats(once);
    const std::vector<std::int64_t> truths = truth ? graph::to_integers(once) : std::vector<std::int64_t>();
    bool keys = true;
    bool none = true;
    std::size_t i = 0;
    for (std::int64_t text = 0; text < texts_; ++text) {
      for (std::int64_t head = 0; head < heads; ++head) {
        for (std::int64_t query = 0; query < queries; ++query) {
          for (std::int64_t key = 0; key < length_; ++key, ++i) {
            bool seen;
            if (truth) {
              seen = (truths[i] != 0) == shown;
            } else if (numbers[i] == 0) {
              seen = true;
            } else if (static_cast<double>(numbers[i]) <= kHidden) {
              seen = false;
            } else {
              return fail_at(node, "a mask that weakens a key"), false;
            }
            none = none && seen;
            keys = keys &&
                   seen == (probe_.at(probe_.mask, static_cast<std::size_t>(text), static_cast<std::size_t>(key)) != 0);
          }
        }
      }
    }
    if (none) return true;  // shows all: as if it were not there
    if (!keys) return fail_at(node, "a mask of another kind (causal, windowed, by pairs)"), false;
    found_.mask = MaskKind::keys;
    return true;
  }

  // MPNet's: rows of a table looked up by distance, the same for every text.
  bool read_bias(const Node& node, const Ref& ref) {
    const auto wide = broadcast(ref, score_sizes(ref));
    if (!wide || ref.tensor.rank() == 3) return fail_at(node, "a bias of another shape"), false;
    const Element first = instance_.first(*wide);
    if (first.producer == kNoNode || instance_.node(first.producer).name != "aten::embedding") {
      return fail_at(node, "a bias of scores that is no table of distances"), false;
    }
    const Node& lookup = instance_.node(first.producer);
    auto table = weight(instance_, lookup.refs[0]);
    const Tensor& buckets = lookup.refs[1].tensor;
    if (!table || table->tensor.shape.size() != 2 || table->tensor.shape[1] != heads_ || !buckets.known() ||
        buckets.elements() != length_ * length_ || found_.bias) {
      return fail_at(lookup, "a table of biases of another shape"), false;
    }
    const bool same = instance_.maps(*wide, {texts_, heads_, length_, length_}, [&](const Sizes& at) {
      return Element{first.producer, nullptr, (at[2] * length_ + at[3]) * heads_ + at[1]};
    });
    if (!same) return fail_at(lookup, "biases in another order"), false;
    RelativeBiasSpec bias;
    bias.table = std::move(*table);
    if (!read_distances(graph::to_integers(buckets), bias)) {
      return fail_at(lookup, "buckets that depend on more than the distance"), false;
    }
    found_.bias = std::move(bias);
    return true;
  }

  // Which row of the table stands for each distance.
  bool read_distances(const std::vector<std::int64_t>& rows, RelativeBiasSpec& bias) const {
    const std::int64_t length = length_;
    bias.rows.resize(static_cast<std::size_t>(2 * length - 1));
    for (std::int64_t distance = 1 - length; distance < length; ++distance) {
      const std::int64_t first = distance < 0 ? -distance * length : distance;
      const std::int64_t row = rows[static_cast<std::size_t>(first)];
      for (std::int64_t i = 0; i < length - std::abs(distance); ++i) {
        if (rows[static_cast<std::size_t>(first + i * (length + 1))] != row) return false;
      }
      bias.rows[static_cast<std::size_t>(distance + length - 1)] = static_cast<std::int32_t>(row);
    }
    return true;
  }

  const Instance& instance_;
  const Probe& probe_;
  std::string& why_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t size_ = 0;
  std::int64_t hidden_ = 0;
  std::int64_t heads_ = 0;
  AppliedAttention found_;
};

}  // namespace

std::optional<AppliedAttention> find_attention(const Instance& instance, const Probe& probe, const Ref& context,
                                               std::string& why) {
  return Matcher(instance, probe, why).match(context);
}

}  // namespace bertrt::family
