#include <cmath>

#include "graph/operators/arithmetic.h"
#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

enum class Reduction : std::int64_t { none, mean, sum };

/// f(difference) by element, and what the call asks to do with all of them.
template <typename F>
void distance(Call& c, std::int64_t reduction, F f) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  const ElementType type = promote({&a, &b});
  if (!is_floating(type)) c.refuse("floating tensors", std::string(archive::to_string(type)));
  const Tensor each = floating_unary(c, difference_of(c, a, b, Value(std::int64_t{1})), f);
  switch (Reduction{reduction}) {
    case Reduction::none: return c.give(each);
    case Reduction::mean: return c.give(made_by(c, "aten::mean", {Value(each), Value()}));
    case Reduction::sum: return c.give(made_by(c, "aten::sum", {Value(each), Value()}));
  }
  c.fail("a reduction of 0, 1 or 2", std::to_string(reduction));
}

void mse_loss(Call& c) {
  distance(c, c.integer(2), [](auto x) { return x * x; });
}
void l1_loss(Call& c) {
  distance(c, c.integer(2), [](auto x) { return std::fabs(x); });
}
void smooth_l1_loss(Call& c) {
  const double beta = c.real(3);
  if (!(beta >= 0)) c.fail("a beta that is not negative", std::to_string(beta));
  distance(c, c.integer(2), [beta](auto x) {
    using T = decltype(x);
    const T z = std::fabs(x);
    const T edge = static_cast<T>(beta);
    return z < edge ? T{0.5} * z * z / edge : z - T{0.5} * edge;
  });
}
void huber_loss(Call& c) {
  const double delta = c.real(3);
  if (!(delta > 0)) c.fail("a delta above 0", std::to_string(delta));
  distance(c, c.integer(2), [delta](auto x) {
    using T = decltype(x);
    const T z = std::fabs(x);
    const T edge = static_cast<T>(delta);
    return z <= edge ? T{0.5} * z * z : edge * (z - T{0.5} * edge);
  });
}
void dist(Call& c) {
  const Tensor away = difference_of(c, c.tensor(0), c.tensor(1), Value(std::int64_t{1}));
  c.give(made_by(c, "aten::linalg_vector_norm", {Value(away), c.argument(2), Value(), Value(false), Value()}));
}

}  // namespace

void add_distances(Table& t) {
  t.add("aten::mse_loss", {{"mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", mse_loss}});
  t.add("aten::l1_loss", {{"l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", l1_loss}});
  t.add("aten::smooth_l1_loss",
        {{"smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.0) -> Tensor", smooth_l1_loss}});
  t.add("aten::huber_loss",
        {{"huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.0) -> Tensor", huber_loss}});
  t.add("aten::dist", {{"dist(Tensor self, Tensor other, Scalar p=2) -> Tensor", dist}});
}

}  // namespace bertrt::graph
