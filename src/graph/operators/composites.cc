#include "graph/operators/composites.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "graph/operators/arithmetic.h"
#include "graph/operators/common.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

Tensor made_by(Call& c, std::string_view name, std::vector<Value> arguments, std::size_t overload) {
  Call inner(c.run(), name, arguments);
  find_operator(name)->overloads[overload].run(inner);
  return *inner.take().tensor();
}

namespace {

/// Over the axes that a call names, or all of them: (self, dim, keepdim, dtype).
Tensor summed(Call& c, const Tensor& a, const Value& type) {
  return made_by(c, "aten::sum", {Value(a), c.argument(1), c.argument(2), type}, 1);
}
Tensor without_nan(Call& c, const Tensor& a) {
  return made_by(c, "aten::masked_fill", {Value(a), Value(made_by(c, "aten::isnan", {Value(a)})), Value(0.0)});
}

void nansum(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(summed(c, is_floating(a.type()) ? without_nan(c, a) : a, c.argument(3)));
}
void nanmean(Call& c) {
  const Tensor& a = c.tensor(0);
  if (!is_floating(a.type())) c.fail("a floating tensor", std::string(archive::to_string(a.type())));
  const Tensor numbers = made_by(c, "aten::logical_not", {Value(made_by(c, "aten::isnan", {Value(a)}))});
  c.give(quotient_of(c, summed(c, without_nan(c, a), c.argument(3)), summed(c, numbers, Value()), Rounding::none));
}

void vdot(Call& c) { c.give(made_by(c, "aten::dot", {c.argument(0), c.argument(1)})); }

/// |a - b| <= atol + |rtol * b|, or equal.
void isclose(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  if (a.type() != b.type()) c.fail("two tensors of one type", std::string(archive::to_string(b.type())));
  if (!is_floating(a.type())) c.refuse("floating tensors", std::string(archive::to_string(a.type())));
  const double relative = c.real(2);
  const double absolute = c.real(3);
  if (!(relative >= 0) || !(absolute >= 0)) c.fail("tolerances of 0 or more", "others");
  const bool equal_nan = c.flag(4);
  c.give(compare(c, a, b, [=](auto x, auto y) {
    if (x == y || (equal_nan && x != x && y != y)) return true;
    using T = decltype(x);
    const auto real = [](auto value) { return static_cast<double>(value); };
    const double distance = std::fabs(real(static_cast<T>(x - y)));
    return std::isfinite(distance) &&
           distance <= real(static_cast<T>(absolute) + static_cast<T>(std::fabs(static_cast<T>(relative) * y)));
  }));
}

}  // namespace

void add_composites(Table& t) {
  t.add("aten::nansum",
        {{"nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", nansum}});
  t.add("aten::nanmean",
        {{"nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", nanmean}});
  t.add("aten::vdot", {{"vdot(Tensor self, Tensor other) -> Tensor", vdot}});
  t.add("aten::isclose", {{"isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool "
                           "equal_nan=False) -> Tensor",
                           isclose}});
}

}  // namespace bertrt::graph
