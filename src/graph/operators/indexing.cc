#include "graph/operators/indexing.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "graph/operators/arithmetic.h"
#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

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
  if (!ids.known()) return c.give(out);
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
  if (!index.known()) return c.give(out);
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

void check_gather(const Call& c, const Tensor& a, const Tensor& index, std::int64_t axis, bool source) {
  const std::int64_t rank = std::max<std::int64_t>(a.rank(), 1);
  if (std::max<std::int64_t>(index.rank(), 1) != rank) c.fail("indices of as many axes", to_string(index.sizes()));
  for (std::int64_t i = 0; i < std::min(a.rank(), index.rank()); ++i) {
    if ((source || i != axis) && index.size(i) > a.size(i)) {
      c.fail("indices no larger than " + to_string(a.sizes()), to_string(index.sizes()));
    }
  }
}

/// For each place of `index`: body(its place in row-major order, its offset in `a` with the axis' index in place).
template <typename Body>
void for_each_gathered(const Call& c, const Tensor& a, const Tensor& index, std::int64_t axis, Body body) {
  const Sizes values = index_values(c, index);
  const Sizes counter = contiguous_strides(index.sizes());
  Sizes strides(index.sizes().size(), 0);
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (a.rank() != 0 && static_cast<std::int64_t>(i) != axis) strides[i] = a.strides()[i];
  }
  const std::int64_t size = a.rank() == 0 ? 1 : a.size(axis);
  const std::int64_t stride = a.rank() == 0 ? 0 : a.stride(axis);
  walk<2>(index.sizes(), {&counter, &strides}, [&](std::int64_t n, const auto& at, const auto& step) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t place = at[0] + i * step[0];
      const std::int64_t row = checked_index(c, values[static_cast<std::size_t>(place)], size, false);
      body(place, at[1] + i * step[1] + row * stride);
    }
  });
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

enum class Fold { set, add, most, least };

template <Fold fold>
void scatter(Call& c) {
  const Tensor& self = c.tensor(0);
  const std::int64_t axis = c.axis(1, self.rank());
  const Tensor& index = c.tensor(2);
  const bool number = c.argument(3).tensor() == nullptr;
  const Tensor source = number ? cast(c, c.operand(3), self.type()) : c.tensor(3);
  if (source.type() != self.type()) c.fail("a source of the same type", describe(c.argument(3)));
  Tensor out = c.make(self.type(), self.sizes());
  if (index.elements() != 0) {
    check_gather(c, self, index, axis, false);
    if (!number) check_gather(c, source, index, axis, true);
  }
  if (!all_known(out, self, index, source)) return c.give(out);
  copy_values(out, self);
  if (index.elements() == 0) return c.give(out);
  Tensor values = source;
  for (std::int64_t i = 0; i < index.rank() && !number && source.rank() != 0; ++i) {
    values = narrowed(values, i, 0, index.size(i));
  }
  values = copied(c, expand(values, index.sizes()));
  with_type(self.type(), [&]<typename T>() {
    for_each_gathered(c, out, index, axis, [&](std::int64_t place, std::int64_t at) {
      T& to = out.mutable_data<T>()[at];
      const T from = values.data<T>()[place];
      if constexpr (fold == Fold::set) {
        to = from;
      } else if constexpr (fold == Fold::most) {
        to = from > to || from != from ? from : to;
      } else if constexpr (fold == Fold::least) {
        to = from < to || from != from ? from : to;
      } else if constexpr (std::is_integral_v<T>) {
        to = static_cast<T>(static_cast<std::uint64_t>(to) + static_cast<std::uint64_t>(from));
      } else {
        to += from;
      }
    });
  });
  c.give(out);
}

template <Fold fold>
Tensor scattered(Call& c, const Tensor& self, const Value& source) {
  const std::vector<Value> arguments{Value(self), c.argument(1), c.argument(2), source};
  Call inner(c.run(), c.name(), arguments);
  scatter<fold>(inner);
  return *inner.take().tensor();
}

/// (self, dim, index, src, reduce, include_self): sums, means, largest and smallest ones.
void scatter_reduce(Call& c) {
  const Tensor& self = c.tensor(0);
  if (!is_floating(self.type())) c.refuse("a floating tensor", std::string(archive::to_string(self.type())));
  const std::string& how = c.text(4);
  const bool own = c.flag(5);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  // Where something is put, what was there counts only if it is to.
  const auto start = [&](double neutral) { return own ? self : scattered<Fold::set>(c, self, Value(neutral)); };
  if (how == "sum") return c.give(scattered<Fold::add>(c, start(0), c.argument(3)));
  if (how == "amax") return c.give(scattered<Fold::most>(c, start(-kInfinity), c.argument(3)));
  if (how == "amin") return c.give(scattered<Fold::least>(c, start(kInfinity), c.argument(3)));
  if (how != "mean") c.refuse("sum, mean, amax or amin", how);
  const auto ones = [&](const Tensor& like) {
    return made_by(c, "aten::ones_like", {Value(like), {}, {}, {}, {}, {}});
  };
  Tensor count = ones(self);
  if (!own) count = scattered<Fold::set>(c, count, Value(0.0));
  count = scattered<Fold::add>(c, count, Value(ones(c.tensor(3))));
  count = made_by(c, "aten::clamp", {Value(count), Value(1.0), Value()});
  c.give(quotient_of(c, scattered<Fold::add>(c, start(0), c.argument(3)), count, Rounding::none));
}

template <Fold fold>
void index_copy(Call& c) {
  const Tensor& self = c.tensor(0);
  const std::int64_t axis = c.axis(1, self.rank());
  const Tensor& index = c.tensor(2);
  const Tensor& source = c.tensor(3);
  if (self.rank() == 0 || index.rank() > 1 || source.type() != self.type())
    c.fail("indices of one axis and a source of the same type", describe(c.argument(2)));
  Sizes expected = self.sizes();
  expected[static_cast<std::size_t>(axis)] = index.elements();
  if (source.sizes() != expected) c.fail("a source " + to_string(expected), to_string(source.sizes()));
  Tensor out = c.make(self.type(), self.sizes());
  if (!all_known(out, self, index, source)) return c.give(out);
  copy_values(out, self);
  const Sizes rows = index_values(c, index);
  const bool alpha = fold == Fold::add && c.size() > 4;
  if (alpha && !(c.argument(4).integer() && c.integer(4) == 1)) c.refuse("alpha 1", describe(c.argument(4)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Tensor to = narrowed(out, axis, checked_index(c, rows[i], self.size(axis), false), 1);
    const Tensor from = narrowed(source, axis, static_cast<std::int64_t>(i), 1);
    if (fold == Fold::set) {
      copy_values(to, from);
    } else {
      copy_values(to, binary(c, to, from, self.type(), Either{wrapping_add, [](auto p, auto q) { return p + q; }}));
    }
  }
  c.give(out);
}
void index_fill(Call& c) {
  const Tensor& self = c.tensor(0);
  const std::int64_t axis = c.axis(1, self.rank());
  const Tensor value = cast(c, c.operand(3), self.type());
  if (self.rank() == 0 || c.tensor(2).rank() > 1 || value.rank() != 0)
    c.fail("indices of one axis and one value", describe(c.argument(2)));
  Tensor out = c.make(self.type(), self.sizes());
  if (!all_known(out, self, c.tensor(2), value)) return c.give(out);
  copy_values(out, self);
  for (const std::int64_t row : index_values(c, c.tensor(2))) {
    copy_values(narrowed(out, axis, checked_index(c, row, self.size(axis), true), 1), value);
  }
  c.give(out);
}

void nonzero(Call& c) {
  const Tensor rows = places_of(c, c.tensor(0));
  c.give(rows);
}
Value columns(const Tensor& rows) {
  std::vector<Value> all;
  for (std::int64_t i = 0; i < rows.size(1); ++i) all.emplace_back(selected(rows, 1, i));
  return Value::list(std::move(all));
}
void nonzero_numpy(Call& c) {
  const Tensor a = c.tensor(0).rank() == 0 ? reshaped(c, c.tensor(0), {1}) : c.tensor(0);
  c.give(columns(places_of(c, a)));
}

void masked_select(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& mask = c.tensor(1);
  if (mask.type() != ElementType::boolean) c.fail("a bool mask", std::string(archive::to_string(mask.type())));
  const Sizes sizes = broadcast(a.sizes(), mask.sizes());
  const Tensor chosen = expand(mask, sizes);
  const Tensor values = expand(a, sizes);
  c.depends_on({1});
  const Tensor places = places_of(c, sizes.empty() ? chosen.view_as({1}, {1}, chosen.offset()) : chosen);
  c.depends_on({0, 1});
  Tensor out = c.make(a.type(), {places.size(0)});
  if (all_known(out, values)) {
    const Sizes flags = c.values_of(chosen);
    const Tensor flat = copied(c, values);
    with_item(a.type(), [&]<typename T>() {
      std::int64_t next = 0;
      for (std::size_t i = 0; i < flags.size(); ++i) {
        if (flags[i] != 0) out.mutable_data<T>()[next++] = flat.data<T>()[i];
      }
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

Tensor places_of(Call& c, const Tensor& a) {
  if (!a.known()) c.refuse("values that are known", "a size that depends on weights: not graphable");
  c.reads_values();
  const Tensor flags = cast(c, a, ElementType::boolean);
  if (!flags.known()) c.refuse("values that are known", "too many of them for shapes alone");
  const Sizes values = c.values_of(flags);
  const std::int64_t count = std::count_if(values.begin(), values.end(), [](std::int64_t v) { return v != 0; });
  // One axis after the other, as ATen lays them.
  const Tensor out = c.make(ElementType::int64, {a.rank(), count});
  if (!out.known()) c.refuse("values that are known", "too many of them for shapes alone");
  std::int64_t* to = out.mutable_data<std::int64_t>();
  const Sizes strides = contiguous_strides(a.sizes());
  std::int64_t next = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    const std::int64_t place = next++;
    for (std::int64_t axis = 0; axis < a.rank(); ++axis) {
      to[axis * count + place] = static_cast<std::int64_t>(i) / strides[static_cast<std::size_t>(axis)] % a.size(axis);
    }
  }
  return transposed(out, 0, 1);
}

void add_indexing(Table& t) {
  t.add("aten::embedding", {{"embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool "
                             "scale_grad_by_freq=False, bool sparse=False) -> Tensor",
                             embedding}});
  t.add("aten::index_select", {{"index_select(Tensor self, int dim, Tensor index) -> Tensor", index_select}});
  t.add("aten::gather", {{"gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor", gather}});
  t.add("aten::take_along_dim",
        {{"take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor", take_along_dim}});
  t.add("aten::scatter",
        {{"scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", scatter<Fold::set>},
         {"scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", scatter<Fold::set>}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::scatter_add",
        {{"scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", scatter<Fold::add>}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::scatter_reduce",
        {{"scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) "
          "-> Tensor",
          scatter_reduce}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::index_copy",
        {{"index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor", index_copy<Fold::set>}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::index_add",
        {{"index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor",
          index_copy<Fold::add>}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::index_fill",
        {{"index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", index_fill},
         {"index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value) -> Tensor", index_fill}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::nonzero", {{"nonzero(Tensor self) -> Tensor", nonzero}});
  t.add("aten::argwhere", {{"argwhere(Tensor self) -> Tensor", nonzero}});
  t.add("aten::nonzero_numpy", {{"nonzero_numpy(Tensor self) -> Tensor[]", nonzero_numpy}});
  t.add("aten::where", {{"where(Tensor condition) -> Tensor[]", nonzero_numpy}});
  t.add("aten::masked_select", {{"masked_select(Tensor self, Tensor mask) -> Tensor", masked_select}});
  t.add("aten::take", {{"take(Tensor self, Tensor index) -> Tensor", take}});
  add_advanced_indexing(t);
}

}  // namespace bertrt::graph
