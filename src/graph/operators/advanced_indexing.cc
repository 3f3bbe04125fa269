#include <algorithm>

#include "graph/operators/indexing.h"
#include "graph/operators/pointwise.h"

// x[i, :, mask, …] as Python's indexing has it.
namespace bertrt::graph {
namespace {

/// A tensor with its indexed axes moved to the front, and where in it each place of the indices points.
struct Selection {
  Tensor target;      ///< the axes that stay, one element of each indexed one
  Sizes index_sizes;  ///< of the indices, broadcast
  Sizes stay_sizes;   ///< of the axes that are not indexed
  Sizes stay_strides;
  std::size_t before = 0;             ///< so many axes that stay come in front of the indices in the result
  std::vector<std::int64_t> offsets;  ///< into target's storage, for each place of the indices; empty if not known
  bool known = true;

  Sizes result() const {
    Sizes sizes(stay_sizes.begin(), stay_sizes.begin() + static_cast<std::ptrdiff_t>(before));
    sizes.insert(sizes.end(), index_sizes.begin(), index_sizes.end());
    sizes.insert(sizes.end(), stay_sizes.begin() + static_cast<std::ptrdiff_t>(before), stay_sizes.end());
    return sizes;
  }
};

/// The indices, one an axis: masks become the places that they choose.
std::vector<std::optional<Tensor>> expanded_indices(Call& c, const Tensor& a, const Value& list) {
  std::vector<std::optional<Tensor>> indices;
  for (const Value& item : list.list()->items) {
    if (item.none()) {
      indices.emplace_back();
      continue;
    }
    const Tensor& index = *item.tensor();
    if (index.type() != ElementType::boolean && index.type() != ElementType::uint8) {
      if (index.type() != ElementType::int64 && index.type() != ElementType::int32) {
        c.fail("indices of int64, int32 or bool", std::string(archive::to_string(index.type())));
      }
      indices.emplace_back(index);
      continue;
    }
    if (index.rank() == 0) c.refuse("a mask with axes", "one without");
    for (std::int64_t axis = 0; axis < index.rank(); ++axis) {
      const auto at = static_cast<std::int64_t>(indices.size()) + axis;
      if (at >= a.rank() || a.size(at) != index.size(axis)) {
        c.fail("a mask that fits " + to_string(a.sizes()), to_string(index.sizes()));
      }
    }
    c.depends_on({1});  // where it chooses is known if it is itself, whatever it is taken from
    const Tensor places = places_of(c, index);
    c.depends_on_all();
    for (std::int64_t axis = 0; axis < index.rank(); ++axis) indices.emplace_back(selected(places, 1, axis));
  }
  if (static_cast<std::int64_t>(indices.size()) > a.rank()) {
    c.fail("at most " + std::to_string(a.rank()) + " indices", std::to_string(indices.size()));
  }
  indices.resize(a.sizes().size());
  return indices;
}

Selection select(Call& c, const Tensor& a, const Value& list) {
  const auto indices = expanded_indices(c, a, list);
  Selection selection;
  selection.target = a;
  std::ptrdiff_t first = -1;
  std::ptrdiff_t last = -1;
  bool next_to_each_other = true;
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    if (!indices[axis]) {
      selection.stay_sizes.push_back(a.sizes()[axis]);
      selection.stay_strides.push_back(a.strides()[axis]);
      continue;
    }
    if (first < 0) first = static_cast<std::ptrdiff_t>(axis);
    if (last >= 0 && static_cast<std::ptrdiff_t>(axis) != last + 1) next_to_each_other = false;
    last = static_cast<std::ptrdiff_t>(axis);
    selection.index_sizes = broadcast(selection.index_sizes, indices[axis]->sizes());
    selection.known = selection.known && indices[axis]->known();
  }
  if (first < 0) c.fail("at least one index", "none");
  selection.before = next_to_each_other ? static_cast<std::size_t>(first) : 0;
  selection.known = selection.known && c.may_read(count_elements(selection.index_sizes));
  if (!selection.known) return selection;
  c.check_memory(count_elements(selection.index_sizes), sizeof(std::int64_t));
  selection.offsets.assign(static_cast<std::size_t>(count_elements(selection.index_sizes)), 0);
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    if (!indices[axis]) continue;
    const std::vector<std::int64_t> values = c.values_of(expand(*indices[axis], selection.index_sizes));
    const std::int64_t size = a.sizes()[axis];
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] < -size || values[i] >= size) {
        c.fail("indices from " + std::to_string(-size) + " to " + std::to_string(size - 1), std::to_string(values[i]));
      }
      selection.offsets[i] += (values[i] < 0 ? values[i] + size : values[i]) * a.strides()[axis];
    }
  }
  return selection;
}

/// body(offset in the row-major result, offset in the target) for each element of the result.
template <typename Body>
void for_each_element(const Selection& selection, Body body) {
  const Sizes result = contiguous_strides(selection.result());
  Sizes stay(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(selection.before));
  const auto behind = static_cast<std::ptrdiff_t>(selection.before + selection.index_sizes.size());
  stay.insert(stay.end(), result.begin() + behind, result.end());
  const Sizes index(result.begin() + static_cast<std::ptrdiff_t>(selection.before), result.begin() + behind);
  const Sizes counter = contiguous_strides(selection.index_sizes);
  walk<2>(selection.index_sizes, {&counter, &index}, [&](std::int64_t n, const auto& at, const auto& step) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t base = selection.offsets[static_cast<std::size_t>(at[0] + i * step[0])];
      const std::int64_t out = at[1] + i * step[1];
      walk<2>(selection.stay_sizes, {&stay, &selection.stay_strides},
              [&](std::int64_t m, const auto& where, const auto& by) {
                for (std::int64_t j = 0; j < m; ++j) body(out + where[0] + j * by[0], base + where[1] + j * by[1]);
              });
    }
  });
}

void index(Call& c) {
  const Tensor& a = c.tensor(0);
  const Selection selection = select(c, a, c.argument(1));
  Tensor out = c.make(a.type(), selection.result());
  if (selection.known && all_known(out, a)) {
    with_item(a.type(), [&]<typename T>() {
      const T* from = a.data<T>();
      T* to = out.mutable_data<T>();
      for_each_element(selection, [&](std::int64_t at, std::int64_t source) { to[at] = from[source]; });
    });
  }
  c.give(out);
}

void index_put(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& values = c.tensor(2);
  const bool accumulate = c.flag(3);
  if (values.type() != a.type()) c.fail("values of the same type", describe(c.argument(2)));
  const Tensor out = empty_like(c, a.type(), a);
  if (all_known(out, a)) copy_values(out, a);
  const Selection selection = select(c, out, c.argument(1));
  const Tensor source = copied(c, expand(values, selection.result()));
  if (!selection.known || !all_known(out, source)) {
    if (out.known()) out.storage()->forget();
    return c.give(out);
  }
  with_type(a.type(), [&]<typename T>() {
    const T* from = source.data<T>();
    T* to = out.mutable_data<T>();
    for_each_element(selection, [&](std::int64_t at, std::int64_t target) {
      if (!accumulate) {
        to[target] = from[at];
      } else if constexpr (std::is_integral_v<T>) {
        to[target] = static_cast<T>(static_cast<std::uint64_t>(to[target]) + static_cast<std::uint64_t>(from[at]));
      } else {
        to[target] += from[at];
      }
    });
  });
  c.give(out);
}

}  // namespace

void add_advanced_indexing(Table& t) {
  t.add("aten::index", {{"index.Tensor(Tensor self, Tensor?[] indices) -> Tensor", index}});
  t.add("aten::index_put",
        {{"index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor", index_put}},
        Mixing::unknown, Table::Form::also_in_place);
}

}  // namespace bertrt::graph
