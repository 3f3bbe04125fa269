#include "family/rotary_match.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "archive/tensor.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

constexpr std::size_t kSides[] = {0, 1};
constexpr float kLastExact = 16777216;  // float32 counts up to here

// A table of cosines or sines, by token and by pair of values.
struct Angles {
  std::vector<float> frequencies;
  float factor = 1;
  bool positions_given = false;

  bool operator==(const Angles&) const = default;
};

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, const Node& sum)
      : instance_(instance), probe_(probe), sum_(sum), sizes_(sum.result.tensor.sizes()) {
    texts_ = static_cast<std::int64_t>(probe.texts);
    length_ = static_cast<std::int64_t>(probe.length);
    pairs_ = sizes_.size() == 4 ? sizes_[3] / 2 : 0;
  }

  std::optional<AppliedRotary> match() {
    if (pairs_ == 0 || sizes_[3] % 2 != 0 || sizes_[0] != texts_) return std::nullopt;
    for (const std::size_t token_axis : {std::size_t{2}, std::size_t{1}}) {
      if (sizes_[token_axis] != length_) continue;
      token_axis_ = token_axis;
      for (const std::size_t side : kSides) {
        if (auto found = with(sum_.refs[side], sum_.refs[1 - side])) return found;
      }
    }
    return std::nullopt;
  }

 private:
  // A tensor as large as the result, and the table that it is multiplied with.
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
      if (auto angles = table(node->refs[1 - side], function)) return Product{operand, std::move(*angles)};
    }
    return std::nullopt;
  }

  std::optional<AppliedRotary> with(const Ref& straight, const Ref& turned) const {
    const auto x = product(straight, "aten::cos");
    const auto y = x ? product(turned, "aten::sin") : std::nullopt;
    if (!y || x->angles != y->angles || !is_rotated(y->operand, x->operand)) return std::nullopt;
    AppliedRotary found;
    found.rotary = {x->angles.frequencies, x->angles.factor};
    found.positions_given = x->angles.positions_given;
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
  bool is_rotated(const Ref& ref, const Ref& x) const {
    const Node* cat = whole_node(instance_, ref, "aten::cat");
    if (cat == nullptr || cat->items.size() != 2 || !over_last_axis(cat->arguments[1], ref)) return false;
    const Node* negated = whole_node(instance_, cat->items[0], "aten::neg");
    return negated != nullptr && is_half(negated->refs[0], x, pairs_) && is_half(cat->items[1], x, 0);
  }

  bool is_half(const Ref& ref, const Ref& x, std::int64_t from) const {
    return instance_.maps(ref, {sizes_[0], sizes_[1], sizes_[2], pairs_}, [&](const Sizes& at) {
      return instance_.element(x, sizes_, {at[0], at[1], at[2], at[3] + from});
    });
  }

  // `function` of the angles, with factors behind it, spread over heads.
  std::optional<Angles> table(const Ref& ref, std::string_view function) const {
    if (!ref.tensor.defined()) return std::nullopt;
    const auto wide = broadcast(ref, sizes_);
    const Element first = wide ? instance_.first(*wide) : Element{};
    if (first.producer == kNoNode) return std::nullopt;
    const Ref* made = &instance_.node(first.producer).result;
    const std::int64_t rows = made->tensor.elements() / (2 * pairs_);
    const bool spread =
        (rows == length_ || rows == texts_ * length_) && instance_.maps(*wide, sizes_, [&](const Sizes& at) {
          const std::int64_t row = (rows == length_ ? 0 : at[0] * length_) + at[token_axis_];
          return Element{first.producer, nullptr, row * 2 * pairs_ + at[3]};
        });
    if (!spread) return std::nullopt;
    Angles angles;
    const Node* node = whole_node(instance_, *made, "aten::mul");
    for (; node != nullptr && number(node->arguments[1]); node = whole_node(instance_, *made, "aten::mul")) {
      angles.factor *= static_cast<float>(*number(node->arguments[1]));
      made = &node->refs[0];
    }
    node = whole_node(instance_, *made, function);
    const Node* both = node == nullptr ? nullptr : whole_node(instance_, node->refs[0], "aten::cat");
    if (both == nullptr || both->items.size() != 2 || !over_last_axis(both->arguments[1], both->result) ||
        !read_angles(both->items[0], both->items[1], rows, angles)) {
      return std::nullopt;
    }
    return angles;
  }

  // Positions times frequencies, [rows, pairs], the same twice.
  bool read_angles(const Ref& half, const Ref& other, std::int64_t rows, Angles& angles) const {
    if (half.tensor.elements() != rows * pairs_) return false;
    const Element first = instance_.first(half);
    if (first.producer == kNoNode) return false;
    const Node& node = instance_.node(first.producer);
    if (node.partial) return false;
    const bool product = node.name == "aten::matmul" || node.name == "aten::bmm";  // [texts, pairs, tokens]
    if (!product && node.name != "aten::mul") return false;
    const std::int64_t length = length_;
    const std::int64_t pairs = pairs_;
    const auto expected = [&](const Sizes& at) {
      const std::int64_t index =
          product ? (at[0] / length * pairs + at[1]) * length + at[0] % length : at[0] * pairs + at[1];
      return Element{first.producer, nullptr, index};
    };
    if (!instance_.maps(half, {rows, pairs}, expected) || !instance_.maps(other, {rows, pairs}, expected)) return false;
    for (const std::size_t side : kSides) {
      if (product && side == 1) return false;
      if (read_frequencies(node.refs[side], product ? 1 : 0, angles)) {
        return read_positions(node.refs[1 - side], rows, product ? 2 : 1, angles);
      }
    }
    return false;
  }

  // A stored vector of as many values as there are pairs, `behind` axes of 1 behind it, spread over the axes in front.
  bool read_frequencies(const Ref& ref, std::size_t behind, Angles& angles) const {
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
    const auto stored = weight(instance_, vector);
    if (!stored) return false;
    angles.frequencies = archive::to_float32(stored->tensor);
    return true;
  }

  // A number for each row, which is the token's position.
  bool read_positions(const Ref& ref, std::int64_t rows, std::size_t axis_from_end, Angles& angles) const {
    if (!ref.tensor.defined() || !ref.tensor.known() || ref.tensor.elements() != rows) return false;
    const Sizes& sizes = ref.tensor.sizes();
    // [texts, tokens, 1] for a product by elements, [texts, 1, tokens] for one of matrices.
    if (sizes.size() < 2 || sizes[sizes.size() - axis_from_end] != 1) return false;
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
    bool given = rows == texts_ * length_;
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto at = static_cast<std::size_t>(row);
      counted = counted && positions[at] == row % length_;
      given = given && positions[at] == probe_.positions[at];
    }
    angles.positions_given = !counted;
    return counted || given;
  }

  const Instance& instance_;
  const Probe& probe_;
  const Node& sum_;
  const Sizes& sizes_;
  std::int64_t texts_ = 0;
  std::int64_t length_ = 0;
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
