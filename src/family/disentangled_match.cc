#include "family/disentangled_match.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "family/ids_use.h"
#include "family/norm_match.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

class Matcher {
 public:
  Matcher(const Instance& instance, const Probe& probe, std::int64_t heads, std::int64_t size)
      : instance_(instance),
        probe_(probe),
        texts_(static_cast<std::int64_t>(probe.texts)),
        length_(static_cast<std::int64_t>(probe.length)),
        heads_(heads),
        size_(size) {}

  std::optional<AppliedPositions> match(const Ref& term) {
    const Ref chosen = without_factors(term);
    const Element first = chosen.tensor.elements() == 0 ? Element{} : instance_.first(chosen);
    if (first.producer == kNoNode) return std::nullopt;
    const Node& gather = instance_.node(first.producer);
    if (gather.partial || gather.name != "aten::gather" || !over_last_axis(gather.arguments[1], gather.result) ||
        gather.result.tensor.elements() != texts_ * heads_ * length_ * length_ || !find_direction(chosen, first)) {
      return std::nullopt;
    }
    const Node* product = whole_node(instance_, gather.refs[0], "aten::bmm");
    if (product == nullptr) product = whole_node(instance_, gather.refs[0], "aten::matmul");
    if (product == nullptr || !read_rows(gather.refs[2], product->result.tensor.sizes().back())) return std::nullopt;
    const HeadsMatcher match(instance_, probe_, size_);
    auto tokens = match.operand(product->refs[0], heads_, false, found_.scale);
    if (!tokens || !read_table(product->refs[1])) return std::nullopt;
    found_.tokens = std::move(*tokens);
    return std::move(found_);
  }

 private:
  // Behind Python numbers that it is multiplied with, and zeros that it is added to.
  Ref without_factors(Ref ref) {
    while (true) {
      const NodeId id = instance_.whole(ref);
      if (id == kNoNode) return ref;
      const Node& node = instance_.node(id);
      if (node.name == "aten::add" && !node.partial && number(node.arguments[1]) == 0.0) {
        ref = node.refs[0];
      } else if (const auto inner = scaled(node, found_.scale)) {
        ref = *inner;
      } else {
        return ref;
      }
    }
  }

  // Queries' products stand as they are chosen, keys' with queries and keys changed over.
  bool find_direction(const Ref& chosen, const Element& first) {
    for (const bool by_key : {false, true}) {
      found_.by_key = by_key;
      const bool same = instance_.maps(chosen, {texts_ * heads_, length_, length_}, [&](const Sizes& at) {
        const std::int64_t row = by_key ? at[2] : at[1];
        return Element{first.producer, nullptr, (at[0] * length_ + row) * length_ + (by_key ? at[1] : at[2])};
      });
      if (same && length_ > 1) return true;
    }
    return false;
  }

  // The row for each distance query - key, the same for all texts and heads.
  bool read_rows(const Ref& ref, std::int64_t rows) {
    if (!ref.tensor.defined() || !ref.tensor.known() || ref.tensor.rank() < 2) return false;
    if (!ids_use(instance_, ref).none()) return false;
    const std::int64_t square = length_ * length_;
    if (ref.tensor.elements() % square != 0) return false;
    Tensor once = ref.tensor;
    while (once.rank() > 2 && (once.size(0) == 1 || once.stride(0) == 0)) {
      const Sizes& sizes = once.sizes();
      const Sizes& strides = once.strides();
      once = once.view_as({sizes.begin() + 1, sizes.end()}, {strides.begin() + 1, strides.end()}, once.offset());
    }
    const std::vector<std::int64_t> chosen = graph::to_integers(once);
    std::vector<std::int32_t>& by_distance = found_.positions.rows;
    by_distance.assign(static_cast<std::size_t>(2 * length_ - 1), -1);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::int64_t at = static_cast<std::int64_t>(i) % square;
      const std::int64_t apart = found_.by_key ? at % length_ - at / length_ : at / length_ - at % length_;
      std::int32_t& row = by_distance[static_cast<std::size_t>(apart + length_ - 1)];
      if (chosen[i] < 0 || chosen[i] >= rows || (row >= 0 && row != chosen[i])) return false;
      row = static_cast<std::int32_t>(chosen[i]);
    }
    return std::is_sorted(by_distance.begin(), by_distance.end());
  }

  // [texts * heads, size, rows] or once for all texts: a dense layer of a stored table's rows, by heads, with a factor
  // perhaps.
  bool read_table(const Ref& ref) {
    if (!ref.tensor.defined() || ref.tensor.rank() == 0) return false;
    const std::int64_t rows = ref.tensor.sizes().back();
    const std::int64_t hidden = heads_ * size_;
    const std::int64_t copies = ref.tensor.elements() == hidden * rows ? 1 : texts_;
    const Sizes turned = {copies, heads_, size_, rows};
    const Element first = ref.tensor.elements() == copies * hidden * rows ? instance_.first(ref) : Element{};
    if (first.producer == kNoNode) return false;
    const Node& node = instance_.node(first.producer);
    const auto unscaled = scaled(node, found_.scale);
    if (!unscaled) {
      return read_projected(ref, turned, rows, [&](const Sizes& at) { return at[3] * hidden + at[1] * size_ + at[2]; });
    }
    const bool in_order = instance_.maps(ref, turned, [&](const Sizes& at) {
      return Element{first.producer, nullptr, (at[1] * rows + at[3]) * size_ + at[2]};
    });
    return in_order && read_projected(*unscaled, {heads_, rows, size_}, rows,
                                      [&](const Sizes& at) { return at[1] * hidden + at[0] * size_ + at[2]; });
  }

  // @param place  of each coordinate of `ref` seen as `sizes`: the element of the dense layer's result [rows, hidden]
  template <typename Place>
  bool read_projected(const Ref& ref, const Sizes& sizes, std::int64_t rows, const Place& place) {
    const Element first = instance_.first(ref);
    if (first.producer == kNoNode) return false;
    auto dense = find_dense(instance_, first.producer);
    if (!dense || static_cast<std::int64_t>(dense->dense.out()) != heads_ * size_) return false;
    const bool same = instance_.maps(ref, sizes, [&](const Sizes& at) {
      return Element{first.producer, nullptr, place(at)};
    });
    if (!same) return false;
    Ref table = dense->input;
    if (auto norm = find_norm(instance_, instance_.whole(table))) {
      found_.positions.norm = std::move(norm->norm);
      table = norm->input;
    }
    const Sizes& own = table.tensor.sizes();
    if (own.size() < 2 || table.tensor.elements() != rows * own.back()) return false;
    const Sizes& strides = table.tensor.strides();
    table.tensor =
        table.tensor.view_as({rows, own.back()}, {strides[strides.size() - 2], strides.back()}, table.tensor.offset());
    found_.dense = std::move(dense->dense);
    return take_table(table);
  }

  // All of the stored table, where only a part of its rows is read: longer texts read more of them (DeBERTa v1).
  bool take_table(Ref table) {
    std::int64_t from = 0;
    const graph::Constant* constant =
        table.producer == kNoNode ? instance_.constant(table.tensor.storage().get()) : nullptr;
    const Tensor* whole = constant == nullptr ? nullptr : constant->value.tensor();
    if (whole != nullptr && whole->rank() == 2 && whole->contiguous() && table.tensor.strides() == whole->strides() &&
        whole->size(1) > 0 && (table.tensor.offset() - whole->offset()) % whole->size(1) == 0) {
      from = (table.tensor.offset() - whole->offset()) / whole->size(1);
      table.tensor = *whole;
    }
    auto stored = weight(instance_, table);
    if (!stored) return false;
    for (std::int32_t& row : found_.positions.rows) row += static_cast<std::int32_t>(from);
    found_.positions.table = std::move(*stored);
    return true;
  }

  const Instance& instance_;
  const Probe& probe_;
  std::int64_t texts_;
  std::int64_t length_;
  std::int64_t heads_;
  std::int64_t size_;
  AppliedPositions found_;
};

}  // namespace

std::optional<AppliedPositions> find_positions(const Instance& instance, const Probe& probe, const Ref& term,
                                               std::int64_t heads, std::int64_t size) {
  return Matcher(instance, probe, heads, size).match(term);
}

}  // namespace bertrt::family
