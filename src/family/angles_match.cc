#include "family/angles_match.h"

#include <cstdint>
#include <utility>

#include "archive/tensor.h"
#include "family/ids_use.h"
#include "family/same_spec.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

constexpr std::size_t kSides[] = {0, 1};
constexpr float kLastExact = 16777216;  // float32 counts up to here

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, std::string_view function, const Sizes& heads)
      : instance_(instance),
        probe_(probe),
        function_(function),
        sizes_(heads),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)),
        pairs_(heads.back() / 2) {}

  std::optional<Angles> match(const Ref& ref, std::size_t token_axis) {
    if (!ref.tensor.defined()) return std::nullopt;
    const auto wide = broadcast(ref, sizes_);
    const Element first = wide ? instance_.first(*wide) : Element{};
    if (first.producer == kNoNode) return std::nullopt;
    const Ref& made = instance_.node(first.producer).result;
    rows_ = made.tensor.elements() / (2 * pairs_);
    // Where the two of a pair are stacked, they are the last axis of what is made: side by side.
    const bool spread =
        (rows_ == length_ || rows_ == texts_ * length_) && instance_.maps(*wide, sizes_, [&](const Sizes& at) {
          const std::int64_t row = (rows_ == length_ ? 0 : at[0] * length_) + at[token_axis];
          return Element{first.producer, nullptr, row * 2 * pairs_ + at[3]};
        });
    if (!spread || !(computed(made) || stored(instance_.node(first.producer)))) return std::nullopt;
    return std::move(found_);
  }

 private:
  // `function` of the angles, half a head apart, with factors behind it.
  bool computed(const Ref& made) {
    const Ref* inner = &made;
    float factor = 1;
    const Node* node = whole_node(instance_, *inner, "aten::mul");
    for (; node != nullptr && number(node->arguments[1]); node = whole_node(instance_, *inner, "aten::mul")) {
      factor *= static_cast<float>(*number(node->arguments[1]));
      inner = &node->refs[0];
    }
    node = whole_node(instance_, *inner, function_);
    const Node* both = node == nullptr ? nullptr : whole_node(instance_, node->refs[0], "aten::cat");
    found_.factor = factor;
    return both != nullptr && both->items.size() == 2 && over_last_axis(both->arguments[1], both->result) &&
           read_products(both->items[0], both->items[1]);
  }

  // Positions times frequencies, [rows, pairs], the same twice.
  bool read_products(const Ref& half, const Ref& other) {
    if (half.tensor.elements() != rows_ * pairs_) return false;
    const Element first = instance_.first(half);
    if (first.producer == kNoNode) return false;
    const Node& node = instance_.node(first.producer);
    if (node.partial) return false;
    const bool product = node.name == "aten::matmul" || node.name == "aten::bmm";  // [texts, pairs, tokens]
    if (!product && node.name != "aten::mul") return false;
    const auto expected = [&](const Sizes& at) {
      const std::int64_t index =
          product ? (at[0] / length_ * pairs_ + at[1]) * length_ + at[0] % length_ : at[0] * pairs_ + at[1];
      return Element{first.producer, nullptr, index};
    };
    if (!instance_.maps(half, {rows_, pairs_}, expected) || !instance_.maps(other, {rows_, pairs_}, expected)) {
      return false;
    }
    for (const std::size_t side : kSides) {
      if (product && side == 1) return false;
      if (read_frequencies(node.refs[side], product ? 1 : 0)) {
        return read_positions(node.refs[1 - side], product ? 2 : 1);
      }
    }
    return false;
  }

  // A stored vector of as many values as there are pairs, `behind` axes of 1 behind it, spread over the axes in front.
  bool read_frequencies(const Ref& ref, std::size_t behind) {
    if (!ref.tensor.defined()) return false;
    const Sizes& sizes = ref.tensor.sizes();
    const Sizes& strides = ref.tensor.strides();
    if (sizes.size() <= behind || sizes[sizes.size() - 1 - behind] != pairs_) return false;
    for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
      const bool in_front = axis + 1 + behind < sizes.size();
      if (axis + 1 + behind != sizes.size() && sizes[axis] != 1 && !(in_front && strides[axis] == 0)) return false;
    }
    Ref vector = ref;
    vector.tensor = ref.tensor.view_as({pairs_}, {strides[sizes.size() - 1 - behind]}, ref.tensor.offset());
    const auto found = weight(instance_, vector);
    if (!found) return false;
    found_.frequencies = archive::to_float32(found->tensor);
    return true;
  }

  // A number for each row, which is the token's position: [texts, tokens, 1] for a product by elements, [texts, 1,
  // tokens] for one of matrices.
  bool read_positions(const Ref& ref, std::size_t axis_from_end) {
    if (!ref.tensor.defined()) return false;
    const Sizes& sizes = ref.tensor.sizes();
    return sizes.size() >= 2 && sizes[sizes.size() - axis_from_end] == 1 && are_positions(ref);
  }

  bool are_positions(const Ref& ref) {
    if (!ref.tensor.known() || ref.tensor.elements() != rows_ || !ids_use(instance_, ref).none()) return false;
    std::vector<std::int64_t> positions;
    if (graph::is_floating(ref.tensor.type())) {
      for (const float value : graph::to_floats(ref.tensor)) {
        if (!(value >= 0 && value < kLastExact)) return false;
        positions.push_back(static_cast<std::int64_t>(value));
        if (static_cast<float>(positions.back()) != value) return false;
      }
    } else {
      positions = graph::to_integers(ref.tensor);
    }
    bool counted = true;
    bool given = rows_ == texts_ * length_;
    for (std::int64_t row = 0; row < rows_; ++row) {
      const auto at = static_cast<std::size_t>(row);
      counted = counted && positions[at] == row % length_;
      given = given && positions[at] == probe_.positions[at];
    }
    found_.positions_given = !counted;
    return counted || given;
  }

  // A half of each row of a stored table, sines in front of cosines, each value twice.
  bool stored(const Node& twice) {
    if (twice.partial || twice.name != "aten::stack" || twice.items.size() != 2 ||
        !over_last_axis(twice.arguments[1], twice.result) || twice.result.tensor.sizes().back() != 2) {
      return false;
    }
    const Element first = instance_.first(twice.items[0]);
    if (first.producer == kNoNode) return false;
    const Node& rows = instance_.node(first.producer);
    if (rows.partial || rows.name != "aten::embedding" || !rows.refs[1].tensor.defined()) return false;
    const std::int64_t begin = function_ == "aten::sin" ? 0 : pairs_;
    for (const Ref& item : twice.items) {
      const bool same = instance_.maps(item, {rows_, pairs_}, [&](const Sizes& at) {
        return Element{first.producer, nullptr, at[0] * 2 * pairs_ + begin + at[1]};
      });
      if (!same) return false;
    }
    auto table = weight(instance_, rows.refs[0]);
    if (!table || table->tensor.shape.size() != 2 || table->tensor.shape[1] != 2 * pairs_) return false;
    found_ = {std::vector<float>(static_cast<std::size_t>(pairs_)), 1, std::move(table), true};
    return are_positions(rows.refs[1]);
  }

  const Instance& instance_;
  const Probe& probe_;
  std::string_view function_;
  const Sizes& sizes_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t pairs_;
  std::int64_t rows_ = 0;
  Angles found_;
};

}  // namespace

bool same_angles(const Angles& a, const Angles& b) {
  return a.frequencies == b.frequencies && a.factor == b.factor && a.table.has_value() == b.table.has_value() &&
         (!a.table || same_weight(*a.table, *b.table)) && a.neighbours == b.neighbours &&
         a.positions_given == b.positions_given;
}

std::optional<Angles> find_angles(const Instance& instance, const Probe& probe, const Ref& ref,
                                  std::string_view function, const Sizes& heads, std::size_t token_axis) {
  return Matcher(instance, probe, function, heads).match(ref, token_axis);
}

}  // namespace bertrt::family
