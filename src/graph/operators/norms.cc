#include <cmath>
#include <limits>

#include "graph/operators/arithmetic.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/products.h"
#include "graph/operators/reduce.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor norm_of(Call& c, const Tensor& a, double order, const std::vector<std::int64_t>& axes, bool keep) {
  if (!is_floating(a.type())) c.fail("a floating tensor", std::string(archive::to_string(a.type())));
  const Reduced shape = reduce_axes(a, axes, keep);
  if (shape.count == 0 && (order < 0 || order == kInfinity) && count_elements(shape.kept) != 0) {
    c.fail("axes with elements", to_string(a.sizes()));
  }
  Tensor out = c.make(a.type(), shape.result);
  if (!all_known(out, a)) return out;
  with_wide_type(a.type(), [&]<typename T>() {
    const T* p = a.data<T>();
    double total = 0;
    bool nan = false;
    for_each_reduced(
        shape,
        [&](std::int64_t) {
          total = order == -kInfinity ? kInfinity : 0;
          nan = false;
        },
        [&](std::int64_t, std::int64_t at) {
          const double x = std::fabs(static_cast<double>(p[at]));
          nan = nan || x != x;
          if (order == kInfinity) {
            total = std::max(total, x);
          } else if (order == -kInfinity) {
            total = std::min(total, x);
          } else if (order == 0) {
            total += x != 0 ? 1 : 0;
          } else if (order == 2) {
            total += x * x;
          } else {
            total += order == 1 ? x : std::pow(x, order);
          }
        },
        [&](std::int64_t index) {
          double value = total;
          if (order == 2) value = std::sqrt(total);
          if (std::isfinite(order) && order != 0 && order != 1 && order != 2) value = std::pow(total, 1 / order);
          if (nan && order != 0) value = std::numeric_limits<double>::quiet_NaN();
          out.mutable_data<T>()[index] = static_cast<T>(value);
        });
  });
  return out;
}

std::vector<std::int64_t> axes_of(const Call& c, std::size_t i, std::int64_t rank) {
  if (!c.has(i)) return {};
  return c.wrap_axes(c.argument(i).list() ? c.integers(i) : Sizes{c.integer(i)}, rank);
}

void vector_norm(Call& c) {
  const Tensor a = c.has(4) ? cast(c, c.tensor(0), c.type_of(c.integer(4))) : c.tensor(0);
  c.give(norm_of(c, a, c.real(1), axes_of(c, 2, a.rank()), c.flag(3)));
}
void linalg_norm(Call& c) {
  const Tensor a = c.has(4) ? cast(c, c.tensor(0), c.type_of(c.integer(4))) : c.tensor(0);
  const auto axes = axes_of(c, 2, a.rank());
  // Two axes, or none given and an order, ask for a matrix's norm.
  const bool vector = axes.size() == 1 || !c.has(1) || (axes.empty() && a.rank() == 1);
  if (!vector) c.refuse("the norm of vectors", "of matrices");
  c.give(norm_of(c, a, c.has(1) ? c.real(1) : 2, axes, c.flag(3)));
}
double order_of(const Call& c, std::size_t i) { return c.has(i) ? c.real(i) : 2; }
void norm(Call& c) { c.give(norm_of(c, c.tensor(0), order_of(c, 1), {}, false)); }
void norm_axes(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(norm_of(c, a, order_of(c, 1), axes_of(c, 2, a.rank()), c.flag(3)));
}
void norm_type(Call& c) {
  const Tensor a = cast(c, c.tensor(0), c.type_of(c.integer(4)));
  c.give(norm_of(c, a, order_of(c, 1), axes_of(c, 2, a.rank()), c.flag(3)));
}

void cosine_similarity(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  const ElementType type = promote({&a, &b});
  if (!is_floating(type)) c.fail("floating tensors", std::string(archive::to_string(type)));
  const Sizes sizes = broadcast(a.sizes(), b.sizes());
  const Tensor x = expand(cast(c, a, type), sizes);
  const Tensor y = expand(cast(c, b, type), sizes);
  const std::int64_t axis = c.axis(2, x.rank());
  const double eps = c.real(3);
  const Reduced shape = reduce_axes(x, {axis}, false);
  const Reduced other = reduce_axes(y, {axis}, false);
  Tensor out = c.make(type, shape.result);
  if (!all_known(out, x, y)) return c.give(out);
  with_wide_type(type, [&]<typename T>() {
    std::vector<double> left;
    std::vector<double> right;
    const Sizes rows = contiguous_strides(shape.kept);
    const std::int64_t size = x.rank() == 0 ? 1 : x.size(axis);
    const std::int64_t x_step = x.rank() == 0 ? 0 : x.stride(axis);
    const std::int64_t y_step = y.rank() == 0 ? 0 : y.stride(axis);
    walk<3>(shape.kept, {&rows, &shape.kept_strides, &other.kept_strides},
            [&](std::int64_t n, const auto& at, const auto& step) {
              for (std::int64_t i = 0; i < n; ++i) {
                const T* p = x.data<T>() + at[1] + i * step[1];
                const T* q = y.data<T>() + at[2] + i * step[2];
                double dot = 0;
                double xx = 0;
                double yy = 0;
                for (std::int64_t j = 0; j < size; ++j) {
                  const double u = static_cast<double>(p[j * x_step]);
                  const double v = static_cast<double>(q[j * y_step]);
                  dot += u * v;
                  xx += u * u;
                  yy += v * v;
                }
                out.mutable_data<T>()[at[0] + i * step[0]] =
                    static_cast<T>(dot / (std::max(std::sqrt(xx), eps) * std::max(std::sqrt(yy), eps)));
              }
            });
  });
  c.give(out);
}

void normalize_distance(Call& c) {
  // pairwise_distance: the norm of x - y + eps over the last axis
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  Tensor away = difference_of(c, a, b, Value(std::int64_t{1}));
  away = sum_of(c, away, wrap(Value(c.real(3))), Value(std::int64_t{1}));
  if (away.rank() == 0) c.fail("tensors with axes", "none");
  c.give(norm_of(c, away, c.real(2), {away.rank() - 1}, c.flag(4)));
}

void cdist(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  if (a.rank() < 2 || b.rank() < 2 || a.type() != b.type() || a.size(a.rank() - 1) != b.size(b.rank() - 1)) {
    c.fail("two lists of points", to_string(a.sizes()) + " and " + to_string(b.sizes()));
  }
  if (c.real(2) < 0) c.fail("an order that is not negative", std::to_string(c.real(2)));
  const Tensor away =
      difference_of(c, unsqueezed(a, a.rank() - 1), unsqueezed(b, b.rank() - 2), Value(std::int64_t{1}));
  c.give(norm_of(c, away, c.real(2), {away.rank() - 1}, false));
}

/// g v / |v|, the norm over all axes but one.
void weight_norm(Call& c) {
  const Tensor& v = c.tensor(0);
  const Tensor& g = c.tensor(1);
  if (v.rank() == 0) c.fail("a weight with axes", "one without");
  const std::int64_t axis = c.axis(2, v.rank());
  if (c.integer(2) == -1 && v.rank() > 0 && axis != v.rank() - 1) c.refuse("an axis", "-1");
  std::vector<std::int64_t> axes;
  Sizes expected(v.sizes().size(), 1);
  for (std::int64_t i = 0; i < v.rank(); ++i) {
    if (i != axis) axes.push_back(i);
  }
  expected[static_cast<std::size_t>(axis)] = v.size(axis);
  if (g.sizes() != expected || g.type() != v.type()) {
    c.refuse("a factor " + to_string(expected) + " of the same type", describe(c.argument(1)));
  }
  Tensor length;
  if (axes.empty()) {
    length = unary(c, v, v.type(), Either{[](std::int64_t x) { return x; }, [](auto x) { return std::fabs(x); }});
  } else {
    length = norm_of(c, v, 2, axes, true);
  }
  c.give(product_of(c, v, quotient_of(c, g, length, Rounding::none)));
}

}  // namespace

void add_norms(Table& t) {
  t.add("aten::linalg_vector_norm", {{"linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool "
                                      "keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                                      vector_norm}});
  t.add("aten::linalg_norm", {{"linalg_norm(Tensor self, Scalar? ord=None, int[1]? dim=None, bool keepdim=False, *, "
                               "ScalarType? dtype=None) -> Tensor",
                               linalg_norm}});
  t.add("aten::norm",
        {{"norm.Scalar(Tensor self, Scalar p=2) -> Tensor", norm},
         {"norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False) -> Tensor", norm_axes},
         {"norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *, ScalarType dtype) -> Tensor",
          norm_type}});
  t.add("aten::frobenius_norm",
        {{"frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
          [](Call& c) { c.give(norm_of(c, c.tensor(0), 2, axes_of(c, 1, c.tensor(0).rank()), c.flag(2))); }}});
  t.add("aten::cosine_similarity",
        {{"cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor", cosine_similarity}});
  t.add("aten::pairwise_distance",
        {{"pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False) -> Tensor",
          normalize_distance}});
  t.add("aten::cdist", {{"cdist(Tensor x1, Tensor x2, float p=2, int? compute_mode=None) -> Tensor", cdist}});
  t.add("aten::_weight_norm", {{"_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor", weight_norm}});
}

}  // namespace bertrt::graph
