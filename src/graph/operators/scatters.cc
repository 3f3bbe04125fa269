#include <limits>

#include "graph/operators/arithmetic.h"
#include "graph/operators/composites.h"
#include "graph/operators/indexing.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

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

}  // namespace

void add_scatters(Table& t) {
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
}

}  // namespace bertrt::graph
