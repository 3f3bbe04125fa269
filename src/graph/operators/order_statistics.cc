#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "graph/operators/common.h"
#include "graph/operators/sorting.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

// NaN stands behind all numbers in what is sorted.
template <typename T>
std::int64_t numbers_in(const T* row, std::int64_t size) {
  while (size > 0 && row[size - 1] != row[size - 1]) --size;
  return size;
}

Tensor flat(Call& c, const Tensor& a) { return reshaped(c, a, {a.elements()}); }

/// The lower of the two in the middle. A NaN is the median of its row, or is no number of it.
template <bool skips_nan>
void median_of_axis(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(1, a.rank());
  const Tensor last = a.rank() == 0 ? flat(c, a) : contiguous(c, transposed(a, axis, a.rank() - 1));
  const std::int64_t size = last.sizes().back();
  if (size == 0) c.fail("an axis with elements", to_string(a.sizes()));
  const Sorted all = sorted(c, last, last.rank() - 1, size, false);
  Sizes sizes(last.sizes().begin(), last.sizes().end() - 1);
  sizes.push_back(1);
  Sorted out{c.make(a.type(), sizes), c.make(ElementType::int64, sizes)};
  if (all_known(all.values, all.places, out.values, out.places)) {
    with_type(a.type(), [&]<typename T>() {
      const T* row = all.values.data<T>();
      const std::int64_t* places = all.places.data<std::int64_t>();
      for (std::int64_t i = 0; i < out.values.elements(); ++i, row += size, places += size) {
        const std::int64_t numbers = numbers_in(row, size);
        const bool nan = numbers == 0 || (!skips_nan && numbers < size);
        const std::int64_t at = nan ? numbers : (numbers - 1) / 2;
        out.values.mutable_data<T>()[i] = row[at];
        out.places.mutable_data<std::int64_t>()[i] = places[at];
      }
    });
  }
  const auto shaped = [&](const Tensor& one) {
    if (a.rank() == 0) return reshaped(c, one, {});
    const Tensor kept = transposed(one, axis, a.rank() - 1);
    return copied(c, c.flag(2) ? kept : selected(kept, axis, 0));
  };
  c.give(Value::tuple({Value(shaped(out.values)), Value(shaped(out.places))}));
}

template <bool skips_nan>
void median(Call& c) {
  const Tensor x = flat(c, c.tensor(0));
  Tensor out = c.make(x.type(), {});
  if (x.elements() == 0 && !is_floating(x.type())) c.fail("a tensor with elements", to_string(c.tensor(0).sizes()));
  const Tensor all = sorted(c, x, 0, x.elements(), false).values;
  if (!all_known(out, all)) return c.give(out);
  with_type(x.type(), [&]<typename T>() {
    const T* row = all.data<T>();
    const std::int64_t numbers = numbers_in(row, all.elements());
    const bool nan = numbers == 0 || (!skips_nan && numbers < all.elements());
    *out.mutable_data<T>() = nan ? std::numeric_limits<T>::quiet_NaN() : row[(numbers - 1) / 2];
  });
  c.give(out);
}

/// What stands at a share `q` of the sorted numbers of a row.
template <typename T>
T quantile_at(const T* row, std::int64_t size, std::int64_t numbers, T q, const std::string& interpolation) {
  if (numbers < size) return std::numeric_limits<T>::quiet_NaN();
  T place = q * static_cast<T>(size - 1);
  if (interpolation == "lower") place = std::floor(place);
  if (interpolation == "higher") place = std::ceil(place);
  if (interpolation == "nearest") place = std::nearbyint(place);
  const auto below = static_cast<std::int64_t>(place);
  const auto above = static_cast<std::int64_t>(std::ceil(place));
  const T weight = interpolation == "midpoint" ? T{0.5} : place - static_cast<T>(below);
  const T from = row[below];
  if (interpolation != "linear" && interpolation != "midpoint") return from;
  const T step = row[above] - from;  // NaN between two infinities, also where none of it is gone
  return weight < T{0.5} ? from + weight * step : row[above] - step * (1 - weight);
}

template <bool skips_nan>
void quantile(Call& c) {
  const Tensor& a = c.tensor(0);
  const bool tensor = c.argument(1).tensor() != nullptr;
  const Tensor shares = tensor ? contiguous(c, c.tensor(1)) : cast(c, c.operand(1), a.type());
  const std::string& interpolation = c.text(4);
  if (a.type() != ElementType::float32 && a.type() != ElementType::float64) {
    c.fail("a floating tensor", std::string(archive::to_string(a.type())));
  }
  if (shares.type() != a.type() || shares.rank() > 1) c.fail("shares of the same type, on one axis", "others");
  if (interpolation != "linear" && interpolation != "lower" && interpolation != "higher" &&
      interpolation != "midpoint" && interpolation != "nearest") {
    c.fail("linear, lower, higher, midpoint or nearest", interpolation);
  }
  if (a.elements() == 0) c.fail("a tensor with elements", to_string(a.sizes()));
  const std::int64_t axis = c.has(2) ? c.axis(2, a.rank()) : 0;
  const Tensor x = !c.has(2) || a.rank() == 0 ? flat(c, a) : contiguous(c, transposed(a, axis, a.rank() - 1));
  const std::int64_t size = x.sizes().back();
  const Tensor all = sorted(c, x, x.rank() - 1, size, false).values;

  // [shares, …, 1], the place of the axis that was gone over put last.
  Sizes sizes(x.sizes().begin(), x.sizes().end() - 1);
  sizes.insert(sizes.begin(), shares.elements());
  sizes.push_back(1);
  Tensor out = c.make(a.type(), sizes);
  if (all_known(out, all, shares)) {
    const auto each = [&]<typename T>() {
      const std::int64_t rows = all.elements() / size;
      for (std::int64_t s = 0; s < shares.elements(); ++s) {
        const T q = shares.data<T>()[s];
        if (!(q >= 0 && q <= 1)) c.fail("shares from 0 to 1", std::to_string(q));
        for (std::int64_t i = 0; i < rows; ++i) {
          const T* row = all.data<T>() + i * size;
          const std::int64_t numbers = numbers_in(row, size);
          const std::int64_t seen = skips_nan && numbers > 0 ? numbers : size;
          out.mutable_data<T>()[s * rows + i] = quantile_at(row, seen, numbers, q, interpolation);
        }
      }
    };
    a.type() == ElementType::float32 ? each.template operator()<float>() : each.template operator()<double>();
  }
  Tensor result = out;
  if (c.has(2) && a.rank() != 0) {
    result = transposed(result, axis + 1, a.rank());
    if (!c.flag(3)) result = selected(result, axis + 1, 0);
  } else {
    Sizes ones(c.flag(3) ? static_cast<std::size_t>(a.rank()) : 0, 1);
    ones.insert(ones.begin(), shares.elements());
    result = reshaped(c, result, ones);
  }
  c.give(copied(c, shares.rank() == 0 ? selected(result, 0, 0) : result));
}

}  // namespace

void add_order_statistics(Table& t) {
  t.add("aten::median", {{"median(Tensor self) -> Tensor", median<false>},
                         {"median.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
                          median_of_axis<false>}});
  t.add("aten::nanmedian",
        {{"nanmedian(Tensor self) -> Tensor", median<true>},
         {"nanmedian.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
          median_of_axis<true>}});
  t.add("aten::quantile", {{"quantile(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *, str "
                            "interpolation='linear') -> Tensor",
                            quantile<false>},
                           {"quantile.scalar(Tensor self, float q, int? dim=None, bool keepdim=False, *, str "
                            "interpolation='linear') -> Tensor",
                            quantile<false>}});
  t.add("aten::nanquantile", {{"nanquantile(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *, str "
                               "interpolation='linear') -> Tensor",
                               quantile<true>},
                              {"nanquantile.scalar(Tensor self, float q, int? dim=None, bool keepdim=False, *, str "
                               "interpolation='linear') -> Tensor",
                               quantile<true>}});
  t.add("aten::msort", {{"msort(Tensor self) -> Tensor", [](Call& c) {
                           const Tensor& a = c.tensor(0);
                           c.give(sorted(c, a, 0, a.rank() == 0 ? 1 : a.size(0), false).values);
                         }}});
}

}  // namespace bertrt::graph
