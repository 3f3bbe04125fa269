#include <cmath>
#include <limits>

#include "graph/operators/pointwise.h"
#include "graph/operators/reduce.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

Reduced reduce_axes(const Tensor& tensor, const std::vector<std::int64_t>& axes, bool keep) {
  Reduced shape;
  for (std::int64_t axis = 0; axis < tensor.rank(); ++axis) {
    const bool goes = axes.empty() || std::find(axes.begin(), axes.end(), axis) != axes.end();
    (goes ? shape.gone : shape.kept).push_back(tensor.size(axis));
    (goes ? shape.gone_strides : shape.kept_strides).push_back(tensor.stride(axis));
    if (!goes || keep) shape.result.push_back(goes ? 1 : tensor.size(axis));
  }
  shape.count = count_elements(shape.gone);
  return shape;
}

namespace {

std::vector<std::int64_t> axes_of(const Call& c, std::size_t i, std::int64_t rank) {
  if (!c.has(i)) return {};
  return c.wrap_axes(c.argument(i).list() ? c.integers(i) : Sizes{c.integer(i)}, rank);
}

/// Sums of f(x), in double or int64; what a sum becomes is last(sum, count).
template <typename F, typename Last>
Tensor summed(Call& c, const Tensor& a, const std::vector<std::int64_t>& axes, bool keep, ElementType type, F f,
              Last last) {
  const Reduced shape = reduce_axes(a, axes, keep);
  const Tensor x = cast(c, a, wide(type));
  const Reduced from = reduce_axes(x, axes, keep);
  Tensor out = c.make(wide(type), shape.result);
  if (all_known(out, x)) {
    with_wide_type(type, [&]<typename T>() {
      using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
      const T* p = x.data<T>();
      T* o = out.mutable_data<T>();
      Sum sum = 0;
      for_each_reduced(
          from, [&](std::int64_t) { sum = 0; },
          [&](std::int64_t, std::int64_t at) { sum += static_cast<Sum>(f(p[at])); },
          [&](std::int64_t index) { o[index] = static_cast<T>(last(sum, static_cast<double>(shape.count))); });
    });
  }
  return cast(c, out, type);
}

ElementType sum_type(const Call& c, std::size_t i, ElementType type) {
  return c.type(i, is_floating(type) ? type : ElementType::int64);
}

void sum_all(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(summed(
      c, a, {}, false, sum_type(c, 1, a.type()), [](auto x) { return x; }, [](auto s, double) { return s; }));
}
void sum(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(summed(
      c, a, axes_of(c, 1, a.rank()), c.flag(2), sum_type(c, 3, a.type()), [](auto x) { return x; },
      [](auto s, double) { return s; }));
}
Tensor mean_of(Call& c, const Tensor& a, const std::vector<std::int64_t>& axes, bool keep, ElementType type) {
  if (!is_floating(type)) c.fail("a floating tensor or dtype", std::string(archive::to_string(type)));
  return summed(
      c, a, axes, keep, type, [](auto x) { return x; },
      [](auto s, double count) { return static_cast<double>(s) / count; });
}
void mean_all(Call& c) { c.give(mean_of(c, c.tensor(0), {}, false, c.type(1, c.tensor(0).type()))); }
void mean(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(mean_of(c, a, axes_of(c, 1, a.rank()), c.flag(2), c.type(3, a.type())));
}

Tensor folded_product(Call& c, const std::vector<std::int64_t>& axes, bool keep, ElementType type) {
  const Tensor x = cast(c, c.tensor(0), wide(type));
  const Reduced shape = reduce_axes(x, axes, keep);
  const Tensor out = c.make(wide(type), shape.result);
  if (all_known(out, x)) {
    with_wide_type(type, [&]<typename T>() {
      using Product = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
      Product product = 1;
      for_each_reduced(
          shape, [&](std::int64_t) { product = 1; },
          [&](std::int64_t, std::int64_t at) { product *= static_cast<Product>(x.data<T>()[at]); },
          [&](std::int64_t index) { out.mutable_data<T>()[index] = static_cast<T>(product); });
    });
  }
  return cast(c, out, type);
}
void prod_all(Call& c) { c.give(folded_product(c, {}, false, sum_type(c, 1, c.tensor(0).type()))); }
void prod(Call& c) {
  c.give(folded_product(c, {c.axis(1, c.tensor(0).rank())}, c.flag(2), sum_type(c, 3, c.tensor(0).type())));
}

/// Truth over axes: any or all.
template <bool all>
Tensor truth(Call& c, const std::vector<std::int64_t>& axes, bool keep) {
  const Tensor& a = c.tensor(0);
  const Reduced shape = reduce_axes(a, axes, keep);
  Tensor out = c.make(a.type() == ElementType::uint8 ? ElementType::uint8 : ElementType::boolean, shape.result);
  if (all_known(out, a)) {
    with_type(a.type(), [&]<typename T>() {
      const T* p = a.data<T>();
      bool value = all;
      for_each_reduced(
          shape, [&](std::int64_t) { value = all; },
          [&](std::int64_t, std::int64_t at) { value = all ? value && p[at] != T{0} : value || p[at] != T{0}; },
          [&](std::int64_t index) { out.mutable_data<std::uint8_t>()[index] = value ? 1 : 0; });
    });
  }
  return out;
}
template <bool all>
void truth_all(Call& c) {
  c.give(truth<all>(c, {}, false));
}
template <bool all>
void truth_axis(Call& c) {
  c.give(truth<all>(c, axes_of(c, 1, c.tensor(0).rank()), c.flag(2)));
}

/// The largest or smallest with its place; NaN is beyond both.
template <bool largest>
std::pair<Tensor, Tensor> extreme(Call& c, const Tensor& a, const std::vector<std::int64_t>& axes, bool keep) {
  const Reduced shape = reduce_axes(a, axes, keep);
  if (shape.count == 0 && count_elements(shape.kept) != 0) c.fail("axes with elements", to_string(a.sizes()));
  Tensor values = c.make(a.type(), shape.result);
  Tensor places = c.make(ElementType::int64, shape.result);
  if (all_known(values, places, a)) {
    with_type(a.type(), [&]<typename T>() {
      const T* p = a.data<T>();
      T best{};
      std::int64_t place = 0;
      bool first = true;
      for_each_reduced(
          shape, [&](std::int64_t) { first = true; },
          [&](std::int64_t index, std::int64_t at) {
            const T value = p[at];
            const bool better = first || (best == best && (value != value || (largest ? value > best : value < best)));
            if (!better) return;
            first = false;
            best = value;
            place = index;
          },
          [&](std::int64_t index) {
            values.mutable_data<T>()[index] = best;
            places.mutable_data<std::int64_t>()[index] = place;
          });
    });
  }
  return {values, places};
}
template <bool largest>
void extreme_all(Call& c) {
  if (c.tensor(0).elements() == 0) c.fail("at least one element", to_string(c.tensor(0).sizes()));
  c.give(extreme<largest>(c, c.tensor(0), {}, false).first);
}
template <bool largest>
void extreme_axis(Call& c) {
  const auto [values, places] = extreme<largest>(c, c.tensor(0), {c.axis(1, c.tensor(0).rank())}, c.flag(2));
  c.give(Value::tuple({Value(values), Value(places)}));
}
template <bool largest>
void extreme_values(Call& c) {
  c.give(extreme<largest>(c, c.tensor(0), axes_of(c, 1, c.tensor(0).rank()), c.flag(2)).first);
}
void aminmax(Call& c) {
  const std::vector<std::int64_t> axes = axes_of(c, 1, c.tensor(0).rank());
  c.give(Value::tuple({Value(extreme<false>(c, c.tensor(0), axes, c.flag(2)).first),
                       Value(extreme<true>(c, c.tensor(0), axes, c.flag(2)).first)}));
}
template <bool largest>
void extreme_place(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.type() == ElementType::boolean) c.fail("numbers", "booleans");
  if (a.elements() == 0 && !c.has(1)) c.fail("at least one element", to_string(a.sizes()));
  Tensor places = extreme<largest>(c, a, axes_of(c, 1, a.rank()), c.has(1) && c.flag(2)).second;
  if (!c.has(1) && c.flag(2)) places = places.view_as(Sizes(a.sizes().size(), 1), Sizes(a.sizes().size(), 1), 0);
  c.give(places);
}

/// Sum of squared distances to the mean, over count - correction.
std::pair<Tensor, Tensor> spread(Call& c, const std::vector<std::int64_t>& axes, double correction, bool keep,
                                 bool root) {
  const Tensor& a = c.tensor(0);
  if (!is_floating(a.type())) c.fail("a floating tensor", std::string(archive::to_string(a.type())));
  const Reduced shape = reduce_axes(a, axes, keep);
  Tensor out = c.make(a.type(), shape.result);
  Tensor means = c.make(a.type(), shape.result);
  if (all_known(out, means, a)) {
    with_wide_type(a.type(), [&]<typename T>() {
      const T* p = a.data<T>();
      std::vector<double> row;
      for_each_reduced(
          shape, [&](std::int64_t) { row.clear(); },
          [&](std::int64_t, std::int64_t at) { row.push_back(static_cast<double>(p[at])); },
          [&](std::int64_t index) {
            double total = 0;
            for (const double x : row) total += x;
            const double center = total / static_cast<double>(row.size());
            double squares = 0;
            for (const double x : row) squares += (x - center) * (x - center);
            const double variance = squares / std::max(0.0, static_cast<double>(row.size()) - correction);
            out.mutable_data<T>()[index] = static_cast<T>(root ? std::sqrt(variance) : variance);
            means.mutable_data<T>()[index] = static_cast<T>(center);
          });
    });
  }
  return {out, means};
}
template <bool root>
void spread_all(Call& c) {
  c.give(spread(c, {}, c.flag(1) ? 1 : 0, false, root).first);
}
template <bool root>
void spread_axis(Call& c) {
  c.give(spread(c, axes_of(c, 1, c.tensor(0).rank()), c.flag(2) ? 1 : 0, c.flag(3), root).first);
}
template <bool root>
void spread_correction(Call& c) {
  c.give(spread(c, axes_of(c, 1, c.tensor(0).rank()), c.has(2) ? c.real(2) : 1, c.flag(3), root).first);
}
void give_both(Call& c, const std::pair<Tensor, Tensor>& both) {
  c.give(Value::tuple({Value(both.first), Value(both.second)}));
}
template <bool root>
void spread_and_mean_all(Call& c) {
  give_both(c, spread(c, {}, c.flag(1) ? 1 : 0, false, root));
}
template <bool root>
void spread_and_mean_axis(Call& c) {
  give_both(c, spread(c, axes_of(c, 1, c.tensor(0).rank()), c.flag(2) ? 1 : 0, c.flag(3), root));
}
template <bool root>
void spread_and_mean(Call& c) {
  give_both(c, spread(c, axes_of(c, 1, c.tensor(0).rank()), c.has(2) ? c.real(2) : 1, c.flag(3), root));
}

void logsumexp(Call& c) {
  const Tensor a = cast(c, c.tensor(0), floating(c.tensor(0).type()));
  const Reduced shape = reduce_axes(a, axes_of(c, 1, a.rank()), c.flag(2));
  Tensor out = c.make(a.type(), shape.result);
  if (all_known(out, a)) {
    with_wide_type(a.type(), [&]<typename T>() {
      const T* p = a.data<T>();
      std::vector<double> row;
      for_each_reduced(
          shape, [&](std::int64_t) { row.clear(); },
          [&](std::int64_t, std::int64_t at) { row.push_back(static_cast<double>(p[at])); },
          [&](std::int64_t index) {
            double most = -std::numeric_limits<double>::infinity();
            for (const double x : row) most = std::max(most, x);
            if (std::isinf(most)) most = 0;
            double total = 0;
            for (const double x : row) total += std::exp(x - most);
            out.mutable_data<T>()[index] = static_cast<T>(std::log(total) + most);
          });
    });
  }
  c.give(out);
}

void count_nonzero(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::vector<std::int64_t> axes = axes_of(c, 1, a.rank());
  const Tensor flags = cast(c, a, ElementType::boolean);
  c.give(summed(
      c, flags, axes, false, ElementType::int64, [](auto x) { return x; }, [](auto s, double) { return s; }));
}

}  // namespace

void add_reductions(Table& t) {
  t.add("aten::sum",
        {{"sum(Tensor self, *, ScalarType? dtype=None) -> Tensor", sum_all},
         {"sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", sum}});
  t.add("aten::mean",
        {{"mean(Tensor self, *, ScalarType? dtype=None) -> Tensor", mean_all},
         {"mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", mean}});
  t.add("aten::prod",
        {{"prod(Tensor self, *, ScalarType? dtype=None) -> Tensor", prod_all},
         {"prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor", prod}});
  t.add("aten::any", {{"any(Tensor self) -> Tensor", truth_all<false>},
                      {"any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor", truth_axis<false>},
                      {"any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor", truth_axis<false>}});
  t.add("aten::all", {{"all(Tensor self) -> Tensor", truth_all<true>},
                      {"all.dim(Tensor self, int dim, bool keepdim=False) -> Tensor", truth_axis<true>},
                      {"all.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor", truth_axis<true>}});
  t.add("aten::max",
        {{"max(Tensor self) -> Tensor", extreme_all<true>},
         {"max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)", extreme_axis<true>}});
  t.add("aten::min", {{"min(Tensor self) -> Tensor", extreme_all<false>},
                      {"min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
                       extreme_axis<false>}});
  t.add("aten::amax", {{"amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor", extreme_values<true>}});
  t.add("aten::amin", {{"amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor", extreme_values<false>}});
  t.add("aten::aminmax",
        {{"aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)", aminmax}});
  t.add("aten::argmax", {{"argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor", extreme_place<true>}});
  t.add("aten::argmin", {{"argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor", extreme_place<false>}});
  t.add("aten::var",
        {{"var(Tensor self, bool unbiased=True) -> Tensor", spread_all<false>},
         {"var.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor", spread_axis<false>},
         {"var.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor",
          spread_correction<false>}});
  t.add("aten::std",
        {{"std(Tensor self, bool unbiased=True) -> Tensor", spread_all<true>},
         {"std.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor", spread_axis<true>},
         {"std.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor",
          spread_correction<true>}});
  t.add("aten::var_mean",
        {{"var_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)", spread_and_mean_all<false>},
         {"var_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)",
          spread_and_mean_axis<false>},
         {"var_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool "
          "keepdim=False) -> (Tensor, Tensor)",
          spread_and_mean<false>}});
  t.add("aten::std_mean",
        {{"std_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)", spread_and_mean_all<true>},
         {"std_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)",
          spread_and_mean_axis<true>},
         {"std_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool "
          "keepdim=False) -> (Tensor, Tensor)",
          spread_and_mean<true>}});
  t.add("aten::logsumexp", {{"logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor", logsumexp}});
  t.add("aten::count_nonzero", {{"count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor", count_nonzero},
                                {"count_nonzero(Tensor self, int? dim=None) -> Tensor", count_nonzero}});
}

}  // namespace bertrt::graph
