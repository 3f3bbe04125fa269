#include <algorithm>
#include <optional>

#include "graph/operators/arithmetic.h"
#include "graph/operators/common.h"
#include "graph/operators/composites.h"
#include "graph/operators/products.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// Each element of the one times the whole other.
void kron(Call& c) {
  Tensor a = c.tensor(0);
  Tensor b = c.tensor(1);
  while (a.rank() < b.rank()) a = unsqueezed(a, 0);
  while (b.rank() < a.rank()) b = unsqueezed(b, 0);
  Sizes sizes = a.sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (__builtin_mul_overflow(sizes[i], b.sizes()[i], &sizes[i])) c.fail("sizes within 64 bits", "more");
  }
  for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(sizes.size()); ++axis) {
    a = unsqueezed(a, 2 * axis + 1);
    b = unsqueezed(b, 2 * axis);
  }
  c.give(reshaped(c, product_of(c, a, b), sizes));
}

Tensor crossed(Call& c, const Tensor& a, const Tensor& b, std::int64_t axis) {
  const Sizes sizes = broadcast(a.sizes(), b.sizes());
  const Tensor x = expand(a, sizes);
  const Tensor y = expand(b, sizes);
  const auto part = [&](std::int64_t first, std::int64_t second) {
    const auto times = [&](std::int64_t i, std::int64_t j) {
      return product_of(c, selected(x, axis, i), selected(y, axis, j));
    };
    return Value(difference_of(c, times(first, second), times(second, first), Value(std::int64_t{1})));
  };
  return made_by(c, "aten::stack", {Value::list({part(1, 2), part(2, 0), part(0, 1)}), Value(axis)});
}
void check_axis(const Call& c, const Tensor& a, const Tensor& b, std::int64_t axis) {
  if (a.rank() != b.rank() || a.size(axis) != 3 || b.size(axis) != 3) {
    c.fail("two tensors of one rank, an axis of 3 elements", to_string(a.sizes()) + " and " + to_string(b.sizes()));
  }
}
void linalg_cross(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  if (a.rank() == 0) c.fail("tensors with axes", "one without");
  const std::int64_t axis = c.axis(2, a.rank());
  check_axis(c, a, b, axis);
  c.give(crossed(c, a, b, axis));
}
/// Along the axis that is named, or the first that has three elements.
void cross(Call& c) {
  if (c.has(2)) return linalg_cross(c);
  const Tensor& a = c.tensor(0);
  const auto three = std::find(a.sizes().begin(), a.sizes().end(), 3);
  if (three == a.sizes().end()) c.fail("an axis of 3 elements", to_string(a.sizes()));
  const std::int64_t axis = three - a.sizes().begin();
  check_axis(c, a, c.tensor(1), axis);
  c.give(crossed(c, a, c.tensor(1), axis));
}

/// Products of vectors along an axis.
void vecdot(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  check_one_type(c, a, b);
  if (a.rank() == 0 || b.rank() == 0) c.fail("tensors with axes", "one without");
  const std::int64_t rank = std::max(a.rank(), b.rank());
  const std::int64_t axis = c.axis(2, rank);
  const Value axes = Value::list(Sizes{axis});
  c.give(made_by(c, "aten::sum", {Value(product_of(c, a, b)), axes, Value(false), Value()}, 1));
}

void multi_dot(Call& c) {
  const std::vector<Tensor> all = c.tensors(0);
  if (all.size() < 2) c.fail("at least two tensors", std::to_string(all.size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool end = i == 0 || i + 1 == all.size();
    if (all[i].rank() != 2 && !(end && all[i].rank() == 1)) c.fail("matrices", to_string(all[i].sizes()));
    check_one_type(c, all[0], all[i]);
  }
  Tensor product = all[0];
  for (std::size_t i = 1; i < all.size(); ++i) product = matrix_product(c, product, all[i]);
  c.give(product);
}

void matrix_power(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t power = c.integer(1);
  if (a.rank() < 2 || a.size(a.rank() - 1) != a.size(a.rank() - 2)) c.fail("square matrices", to_string(a.sizes()));
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  if (power < 0 || power > kMost) c.refuse("a power from 0 to 2^20", std::to_string(power));
  if (power == 0) {
    const Tensor out = c.make(a.type(), a.sizes());
    const Tensor diagonal = made_by(
        c, "aten::diagonal", {Value(out), Value(std::int64_t{0}), Value(std::int64_t{-2}), Value(std::int64_t{-1})});
    if (all_known(out)) fill(diagonal, Value(std::int64_t{1}));
    return c.give(out);
  }
  Tensor square = a;
  std::optional<Tensor> result;
  for (std::int64_t left = power;; square = matrix_product(c, square, square)) {
    if (left % 2 != 0) result = result ? matrix_product(c, *result, square) : copied(c, square);
    left /= 2;
    if (left == 0) break;
  }
  c.give(*result);
}

}  // namespace

void add_composed_products(Table& t) {
  t.add("aten::kron", {{"kron(Tensor self, Tensor other) -> Tensor", kron}});
  t.add("aten::cross", {{"cross(Tensor self, Tensor other, int? dim=None) -> Tensor", cross}});
  t.add("aten::linalg_cross", {{"linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor", linalg_cross}});
  t.add("aten::linalg_vecdot", {{"linalg_vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor", vecdot}});
  t.add("aten::linalg_multi_dot", {{"linalg_multi_dot(Tensor[] tensors) -> Tensor", multi_dot}});
  t.add("aten::chain_matmul", {{"chain_matmul(Tensor[] matrices) -> Tensor", multi_dot}});
  t.add("aten::matrix_power", {{"matrix_power(Tensor self, int n) -> Tensor", matrix_power}});
  t.add("aten::linalg_matrix_power", {{"linalg_matrix_power(Tensor self, int n) -> Tensor", matrix_power}});
}

}  // namespace bertrt::graph
