#include "graph/operators/indexing.h"

#include <algorithm>

#include "graph/operators/table.h"

namespace bertrt::graph {

std::int64_t checked_index(const Call& c, std::int64_t index, std::int64_t size, bool negative_allowed) {
  if (index < (negative_allowed ? -size : 0) || index >= size) {
    c.fail("indices below " + std::to_string(size), std::to_string(index));
  }
  return index < 0 ? index + size : index;
}

Sizes index_values(const Call& c, const Tensor& index) {
  if (index.type() != ElementType::int64 && index.type() != ElementType::int32) {
    c.fail("int32 or int64 indices", std::string(archive::to_string(index.type())));
  }
  return c.values_of(index);
}

void check_gather(const Call& c, const Tensor& a, const Tensor& index, std::int64_t axis, bool source) {
  const std::int64_t rank = std::max<std::int64_t>(a.rank(), 1);
  if (std::max<std::int64_t>(index.rank(), 1) != rank) c.fail("indices of as many axes", to_string(index.sizes()));
  for (std::int64_t i = 0; i < std::min(a.rank(), index.rank()); ++i) {
    if ((source || i != axis) && index.size(i) > a.size(i)) {
      c.fail("indices no larger than " + to_string(a.sizes()), to_string(index.sizes()));
    }
  }
}

namespace {

/// A view with one of each that an expanded axis repeats.
Tensor distinct(const Tensor& a) {
  Sizes sizes = a.sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = a.strides()[i] == 0 ? 1 : sizes[i];
  return a.view_as(sizes, a.strides(), a.offset());
}

void embedding(Call& c) {
  const Tensor& weight = c.tensor(0);
  const Tensor& ids = c.tensor(1);
  if (weight.rank() != 2) c.fail("a table of two axes", to_string(weight.sizes()));
  if (c.flag(4)) c.refuse("dense embeddings", "sparse=True");
  Sizes sizes = ids.sizes();
  sizes.push_back(weight.size(1));
  if (ids.type() != ElementType::int64 && ids.type() != ElementType::int32) {
    c.fail("int32 or int64 ids", std::string(archive::to_string(ids.type())));
  }
  Tensor out = c.make(weight.type(), sizes);
  if (!ids.known() || !c.may_read(ids.elements())) return c.give(out);
  // Ids are checked even where the weights are not known: a length is wrong when a position lies behind the table.
  const Sizes rows = c.values_of(ids);
  for (const std::int64_t row : rows) checked_index(c, row, weight.size(0), false);
  if (!all_known(out, weight)) return c.give(out);
  with_item(weight.type(), [&]<typename T>() {
    const std::int64_t width = weight.size(1);
    T* to = out.mutable_data<T>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const T* from = weight.data<T>() + rows[i] * weight.stride(0);
      for (std::int64_t j = 0; j < width; ++j) *to++ = from[j * weight.stride(1)];
    }
  });
  c.give(out);
}

void index_select(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& index = c.tensor(2);
  if (index.rank() > 1) c.fail("indices of one axis", to_string(index.sizes()));
  const std::int64_t axis = c.axis(1, a.rank());
  Sizes sizes = a.sizes();
  if (a.rank() == 0) {
    if (index.elements() != 1) c.fail("one index", to_string(index.sizes()));
  } else {
    sizes[static_cast<std::size_t>(axis)] = index.elements();
  }
  Tensor out = c.make(a.type(), sizes);
  if (!index.known() || !c.may_read(index.elements())) return c.give(out);
  const Sizes rows = index_values(c, index);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t row = checked_index(c, rows[i], a.rank() == 0 ? 1 : a.size(axis), false);
    if (!all_known(out, a)) continue;
    if (a.rank() == 0) {
      copy_values(out, a);
    } else {
      copy_values(narrowed(out, axis, static_cast<std::int64_t>(i), 1), narrowed(a, axis, row, 1));
    }
  }
  c.give(out);
}

void gather(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(1, a.rank());
  const Tensor& index = c.tensor(2);
  Tensor out = c.make(a.type(), index.sizes());
  if (index.elements() == 0) return c.give(out);
  check_gather(c, a, index, axis, false);
  if (!index.known()) return c.give(out);
  if (!all_known(out, a)) {  // of the indices alone it can be said whether they are right
    const std::int64_t size = a.rank() == 0 ? 1 : a.size(axis);
    for (const std::int64_t value : index_values(c, distinct(index))) checked_index(c, value, size, false);
    return c.give(out);
  }
  with_item(a.type(), [&]<typename T>() {
    const T* from = a.data<T>();
    T* to = out.mutable_data<T>();
    for_each_gathered(c, a, index, axis, [&](std::int64_t place, std::int64_t at) { to[place] = from[at]; });
  });
  c.give(out);
}
void take_along_dim(Call& c) {
  const Tensor& a = c.tensor(0);
  if (!c.has(2)) c.refuse("a dim", "none");
  const std::int64_t axis = c.axis(2, a.rank());
  Tensor index = c.tensor(1);
  if (index.rank() != a.rank() || a.rank() == 0) c.fail("indices of as many axes", to_string(index.sizes()));
  Sizes left = a.sizes();
  Sizes right = index.sizes();
  left[static_cast<std::size_t>(axis)] = right[static_cast<std::size_t>(axis)] = 1;
  Sizes both = broadcast(left, right);
  Sizes index_sizes = both;
  Sizes self_sizes = both;
  index_sizes[static_cast<std::size_t>(axis)] = index.size(axis);
  self_sizes[static_cast<std::size_t>(axis)] = a.size(axis);
  index = expand(index, index_sizes);
  const Tensor self = expand(a, self_sizes);
  Tensor out = c.make(a.type(), index_sizes);
  if (all_known(out, self, index)) {
    with_item(a.type(), [&]<typename T>() {
      for_each_gathered(c, self, index, axis, [&](std::int64_t place, std::int64_t at) {
        out.mutable_data<T>()[place] = self.data<T>()[at];
      });
    });
  }
  c.give(out);
}

void take(Call& c) {
  const Tensor flat = reshaped(c, c.tensor(0), {c.tensor(0).elements()});
  const Tensor& index = c.tensor(1);
  if (index.type() != ElementType::int64) c.fail("int64 indices", describe(c.argument(1)));
  Tensor out = c.make(flat.type(), index.sizes());
  if (!all_known(out, flat, index)) return c.give(out);
  const Sizes rows = c.values_of(index);
  with_item(flat.type(), [&]<typename T>() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t row = checked_index(c, rows[i], flat.elements(), true);
      out.mutable_data<T>()[i] = flat.data<T>()[row * flat.stride(0)];
    }
  });
  c.give(out);
}

}  // namespace

void add_indexing(Table& t) {
  t.add("aten::embedding", {{"embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool "
                             "scale_grad_by_freq=False, bool sparse=False) -> Tensor",
                             embedding}});
  t.add("aten::index_select", {{"index_select(Tensor self, int dim, Tensor index) -> Tensor", index_select}});
  t.add("aten::gather", {{"gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor", gather}});
  t.add("aten::take_along_dim",
        {{"take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor", take_along_dim}});
  t.add("aten::take", {{"take(Tensor self, Tensor index) -> Tensor", take}});
  add_advanced_indexing(t);
}

}  // namespace bertrt::graph
