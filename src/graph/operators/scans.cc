#include <cmath>
#include <limits>

#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// Running f over an axis: out[i] = f(out[i - 1], a[i]), in double or int64.
template <typename F>
void scan(Call& c, F f) {
  ElementType type = c.tensor(0).type();
  type = c.type(2, is_floating(type) ? type : ElementType::int64);
  const std::int64_t axis = c.axis(1, c.tensor(0).rank());
  const Tensor x = contiguous(c, cast(c, c.tensor(0), wide(type)));
  Tensor out = c.make(wide(type), x.sizes());
  if (all_known(out, x) && x.elements() != 0) {
    const std::int64_t size = x.rank() == 0 ? 1 : x.size(axis);
    const std::int64_t step = x.rank() == 0 ? 1 : contiguous_strides(x.sizes())[static_cast<std::size_t>(axis)];
    with_wide_type(type, [&]<typename T>() {
      using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
      const T* from = x.data<T>();
      T* to = out.mutable_data<T>();
      for (std::int64_t row = 0; row < x.elements() / size; ++row) {
        const std::int64_t start = row / step * step * size + row % step;
        Sum running = static_cast<Sum>(from[start]);
        to[start] = from[start];
        for (std::int64_t i = 1; i < size; ++i) {
          running = f(running, static_cast<Sum>(from[start + i * step]));
          to[start + i * step] = static_cast<T>(running);
        }
      }
    });
  }
  c.give(cast(c, out, type));
}

void cumsum(Call& c) {
  scan(c, Either{wrapping_add, [](auto a, auto b) { return a + b; }});
}
void cumprod(Call& c) {
  scan(c, Either{wrapping_mul, [](auto a, auto b) { return a * b; }});
}
void logcumsumexp(Call& c) {
  if (!is_floating(c.tensor(0).type())) c.fail("a floating tensor", "another");
  scan(c, Either{wrapping_add, [](auto a, auto b) {
                   if (a != a || b != b) return a + b;
                   const auto most = std::max(a, b);
                   return std::isinf(most) && a == b ? most : most + std::log1p(std::exp(std::min(a, b) - most));
                 }});
}

/// Running extremes with their places.
template <bool largest>
void extreme_scan(Call& c) {
  const std::int64_t axis = c.axis(1, c.tensor(0).rank());
  const Tensor x = contiguous(c, c.tensor(0));
  Tensor out = c.make(x.type(), x.sizes());
  Tensor places = c.make(ElementType::int64, x.sizes());
  if (all_known(out, places, x) && x.elements() != 0) {
    const std::int64_t size = x.rank() == 0 ? 1 : x.size(axis);
    const std::int64_t step = x.rank() == 0 ? 1 : contiguous_strides(x.sizes())[static_cast<std::size_t>(axis)];
    with_type(x.type(), [&]<typename T>() {
      for (std::int64_t row = 0; row < x.elements() / size; ++row) {
        const std::int64_t start = row / step * step * size + row % step;
        T best = x.data<T>()[start];
        std::int64_t place = 0;
        for (std::int64_t i = 0; i < size; ++i) {
          const T value = x.data<T>()[start + i * step];
          if (value != value || (best == best && (largest ? value >= best : value <= best))) {
            best = value;
            place = i;
          }
          out.mutable_data<T>()[start + i * step] = best;
          places.mutable_data<std::int64_t>()[start + i * step] = place;
        }
      }
    });
  }
  c.give(Value::tuple({Value(out), Value(places)}));
}

void diff(Call& c) {
  Tensor a = c.tensor(0);
  const std::int64_t times = c.integer(1);
  const std::int64_t axis = c.axis(2, a.rank());
  if (a.rank() == 0 || times < 0) c.fail("a tensor with axes and n that is not negative", std::to_string(times));
  if (c.has(3) || c.has(4)) {
    std::vector<Tensor> parts = {a};
    if (c.has(3)) parts.insert(parts.begin(), c.tensor(3));
    if (c.has(4)) parts.push_back(c.tensor(4));
    if (times != 0) a = joined(c, parts, axis, common_type(c, parts));
  }
  for (std::int64_t i = 0; i < times && a.size(axis) > 0; ++i) {
    const Tensor later = narrowed(a, axis, 1, a.size(axis) - 1);
    const Tensor before = narrowed(a, axis, 0, a.size(axis) - 1);
    a = a.type() == ElementType::boolean
            ? compare(c, later, before, [](auto p, auto q) { return p != q; })
            : binary(c, later, before, a.type(), Either{wrapping_sub, [](auto p, auto q) { return p - q; }});
  }
  c.give(a);
}

}  // namespace

void add_scans(Table& t) {
  t.add("aten::cumsum", {{"cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", cumsum}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::cumprod", {{"cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", cumprod}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::logcumsumexp",
        {{"logcumsumexp(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", logcumsumexp}});
  t.add("aten::cummax", {{"cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)", extreme_scan<true>}});
  t.add("aten::cummin", {{"cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)", extreme_scan<false>}});
  t.add("aten::diff",
        {{"diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor", diff}});
}

}  // namespace bertrt::graph
