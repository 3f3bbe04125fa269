#include "graph/operators/sorting.h"

#include <algorithm>
#include <numeric>

#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

using Places = std::vector<std::int64_t>;

// The first `count` of `order`. What stands behind them is in no order.
template <typename Before>
void sort_first(Places& order, std::int64_t count, Ties ties, Before before) {
  const auto first = order.begin() + count;
  switch (ties) {
    case Ties::stable: return std::stable_sort(order.begin(), order.end(), before);
    case Ties::sort: return std::sort(order.begin(), order.end(), before);
    case Ties::top:
    case Ties::unsorted: break;
  }
  if (count * 64 <= static_cast<std::int64_t>(order.size())) {
    return std::partial_sort(order.begin(), first, order.end(), before);
  }
  std::nth_element(order.begin(), first - 1, order.end(), before);
  if (ties == Ties::top) std::sort(order.begin(), first - 1, before);
}

}  // namespace

Sorted sorted(Call& c, const Tensor& a, std::int64_t axis, std::int64_t count, bool descending, Ties ties) {
  const Tensor x = contiguous(c, a);
  Sizes sizes = x.sizes();
  if (x.rank() != 0) sizes[static_cast<std::size_t>(axis)] = count;
  Sorted result{c.make(x.type(), sizes), c.make(ElementType::int64, sizes)};
  if (!all_known(result.values, result.places, x) || x.elements() == 0 || result.values.elements() == 0) return result;
  const std::int64_t size = x.rank() == 0 ? 1 : x.size(axis);
  const std::int64_t step = x.rank() == 0 ? 1 : contiguous_strides(x.sizes())[static_cast<std::size_t>(axis)];
  with_type(x.type(), [&]<typename T>() {
    Places order(static_cast<std::size_t>(size));
    for (std::int64_t row = 0; row < x.elements() / size; ++row) {
      const T* from = x.data<T>() + row / step * step * size + row % step;
      const auto before = [&](std::int64_t p, std::int64_t q) {
        const T left = from[p * step];
        const T right = from[q * step];
        if (descending) return left > right || (left != left && right == right);
        return left < right || (right != right && left == left);
      };
      std::iota(order.begin(), order.end(), std::int64_t{0});
      sort_first(order, count, ties, before);
      const std::int64_t start = row / step * step * count + row % step;
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t place = order[static_cast<std::size_t>(i)];
        result.values.mutable_data<T>()[start + i * step] = from[place * step];
        result.places.mutable_data<std::int64_t>()[start + i * step] = place;
      }
    }
  });
  return result;
}

namespace {

std::int64_t length_of(const Tensor& a, std::int64_t axis) { return a.rank() == 0 ? 1 : a.size(axis); }
Value both(const Sorted& result) { return Value::tuple({Value(result.values), Value(result.places)}); }

void topk(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t count = c.integer(1);
  const std::int64_t axis = c.axis(2, a.rank());
  if (count < 0 || count > length_of(a, axis))
    c.fail("k up to " + std::to_string(length_of(a, axis)), std::to_string(count));
  c.give(both(sorted(c, a, axis, count, c.flag(3), c.flag(4) ? Ties::top : Ties::unsorted)));
}
Ties ties_of(Call& c, std::size_t stable) { return c.has(stable) && c.flag(stable) ? Ties::stable : Ties::sort; }
void sort(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(1, a.rank());
  c.give(both(sorted(c, a, axis, length_of(a, axis), c.flag(2), Ties::sort)));
}
void sort_stable(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(2, a.rank());
  c.give(both(sorted(c, a, axis, length_of(a, axis), c.flag(3), ties_of(c, 1))));
}
void argsort(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(1, a.rank());
  c.give(sorted(c, a, axis, length_of(a, axis), c.flag(2), Ties::sort).places);
}
void argsort_stable(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(2, a.rank());
  c.give(sorted(c, a, axis, length_of(a, axis), c.flag(3), ties_of(c, 1)).places);
}

Sorted one_of(Call& c, const Tensor& a, std::int64_t axis, std::int64_t k, bool keep) {
  const std::int64_t size = length_of(a, axis);
  if (k < 1 || k > size) c.fail("k from 1 to " + std::to_string(size), std::to_string(k));
  Sorted all = sorted(c, a, axis, k, false);
  if (a.rank() == 0) return all;
  all.values = copied(c, narrowed(all.values, axis, k - 1, 1));
  all.places = copied(c, narrowed(all.places, axis, k - 1, 1));
  if (!keep) {
    all.values = selected(all.values, axis, 0);
    all.places = selected(all.places, axis, 0);
  }
  return all;
}
void kthvalue(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(both(one_of(c, a, c.axis(2, a.rank()), c.integer(1), c.flag(3))));
}

/// Which of the sorted boundaries a value comes before.
Tensor places_among(Call& c, const Tensor& boundaries, const Tensor& values, bool right) {
  if (boundaries.rank() != 1) c.refuse("boundaries of one axis", to_string(boundaries.sizes()));
  Tensor out = c.make(ElementType::int64, values.sizes());
  if (!all_known(out, boundaries, values)) return out;
  const ElementType type = promote({&boundaries, &values});
  const Tensor edges = contiguous(c, cast(c, boundaries, type));
  const Tensor x = contiguous(c, cast(c, values, type));
  if (!all_known(edges, x)) return out;
  with_type(type, [&]<typename T>() {
    const T* first = edges.data<T>();
    const T* last = first + edges.elements();
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      const T value = x.data<T>()[i];
      const T* at = right ? std::upper_bound(first, last, value) : std::lower_bound(first, last, value);
      out.mutable_data<std::int64_t>()[i] = at - first;
    }
  });
  return out;
}
void bucketize(Call& c) {
  if (c.flag(2)) c.refuse("int64 places", "out_int32=True");
  c.give(places_among(c, c.tensor(1), c.operand(0), c.flag(3)));
}
void searchsorted(Call& c) {
  if (c.flag(2)) c.refuse("int64 places", "out_int32=True");
  c.give(places_among(c, c.tensor(0), c.operand(1), c.flag(3)));
}

}  // namespace

void add_sorting(Table& t) {
  t.add(
      "aten::topk",
      {{"topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices)",
        topk}});
  t.add("aten::sort",
        {{"sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)", sort},
         {"sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor "
          "indices)",
          sort_stable}});
  t.add("aten::argsort",
        {{"argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor", argsort},
         {"argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor", argsort_stable}});
  t.add(
      "aten::kthvalue",
      {{"kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)", kthvalue}});
  t.add("aten::bucketize",
        {{"bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor",
          bucketize}});
  t.add(
      "aten::searchsorted",
      {{"searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False) -> Tensor",
        searchsorted}});
}

}  // namespace bertrt::graph
