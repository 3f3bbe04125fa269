#include "graph/operators/products.h"

#include "graph/operators/arithmetic.h"
#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// Rows of the last axis one behind the other, each of them without gaps, so that a row is where its index says.
bool has_rows(const Tensor& a) { return a.size(a.rank() - 1) <= 1 || a.stride(a.rank() - 1) == 1; }

template <typename T>
void plain_product(const T* a, std::int64_t a_row, const T* b, std::int64_t b_row, T* c, std::int64_t c_row,
                   std::int64_t m, std::int64_t n, std::int64_t k) {
  using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      Sum sum = 0;
      for (std::int64_t at = 0; at < k; ++at) {
        sum += static_cast<Sum>(a[i * a_row + at]) * static_cast<Sum>(b[j * b_row + at]);
      }
      c[i * c_row + j] = static_cast<T>(sum);
    }
  }
}

/// out[M, N] = a[M, K] b[N, K]ᵀ, all of one wide type; out row-major.
void multiply(const Tensor& a, const Tensor& b, const Tensor& out) {
  const std::int64_t m = a.size(0);
  const std::int64_t n = b.size(0);
  const std::int64_t k = a.size(1);
  if (m == 0 || n == 0 || k == 0) return;  // zeroed
  if (a.type() == ElementType::float32) {
    rows_times_rows(a.data<float>(), a.stride(0), b.data<float>(), b.stride(0), out.mutable_data<float>(),
                    out.stride(0), m, n, k);
    return;
  }
  with_wide_type(a.type(), [&]<typename T>() {
    plain_product<T>(a.data<T>(), a.stride(0), b.data<T>(), b.stride(0), out.mutable_data<T>(), out.stride(0), m, n, k);
  });
}

Tensor with_rows(Call& c, const Tensor& a) { return has_rows(a) ? a : copied(c, a); }

void same_types(const Call& c, const Tensor& a, const Tensor& b) {
  check_one_type(c, a, b);
  if (a.type() == ElementType::boolean) c.refuse("numbers", "a product of booleans");
}

/// [B, M, K] x [B, K, N]; axes in front are broadcast by strides already.
Tensor batched(Call& c, const Tensor& a, const Tensor& b, const Sizes& front) {
  const std::int64_t m = a.size(a.rank() - 2);
  const std::int64_t k = a.size(a.rank() - 1);
  const std::int64_t n = b.size(b.rank() - 1);
  if (b.size(b.rank() - 2) != k) {
    c.fail("as many rows in the second as columns in the first", to_string(a.sizes()) + " and " + to_string(b.sizes()));
  }
  Sizes sizes = front;
  sizes.push_back(m);
  sizes.push_back(n);
  const std::int64_t batches = count_elements(front);
  c.count(static_cast<double>(batches) * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k));
  const ElementType type = wide(a.type());
  const Tensor out = c.make(type, sizes);
  const Tensor left = with_rows(c, cast(c, a, type));
  const Tensor right = with_rows(c, transposed(cast(c, b, type), b.rank() - 2, b.rank() - 1));
  if (all_known(out, left, right) && out.elements() != 0) {
    Sizes left_sizes = front;
    left_sizes.insert(left_sizes.end(), {m, k});
    Sizes right_sizes = front;
    right_sizes.insert(right_sizes.end(), {n, k});
    const Tensor x = expand(left, left_sizes);
    const Tensor y = expand(right, right_sizes);
    const auto strides = [&](const Tensor& t) { return Sizes(t.strides().begin(), t.strides().end() - 2); };
    const Sizes xs = strides(x);
    const Sizes ys = strides(y);
    const Sizes os = strides(out);
    walk<3>(front, {&os, &xs, &ys}, [&](std::int64_t count, const auto& at, const auto& step) {
      for (std::int64_t i = 0; i < count; ++i) {
        multiply(x.view_as({m, k}, {x.stride(x.rank() - 2), x.stride(x.rank() - 1)}, x.offset() + at[1] + i * step[1]),
                 y.view_as({n, k}, {y.stride(y.rank() - 2), y.stride(y.rank() - 1)}, y.offset() + at[2] + i * step[2]),
                 out.view_as({m, n}, {n, 1}, at[0] + i * step[0]));
      }
    });
  }
  return cast(c, out, a.type());
}

void linear(Call& c) {
  const Tensor& x = c.tensor(0);
  const Tensor& weight = c.tensor(1);
  same_types(c, x, weight);
  if (weight.rank() > 2 || weight.rank() == 0) c.fail("a weight of one or two axes", to_string(weight.sizes()));
  if (x.rank() == 0) c.fail("an input with axes", "one without");
  if (weight.rank() == 1 && c.has(2)) c.fail("no bias beside a weight of one axis", "one");
  Tensor result = matrix_product(c, x, weight.rank() == 1 ? weight : transposed(weight, 0, 1));
  if (const auto bias = c.optional_tensor(2)) {
    same_types(c, x, *bias);
    const Tensor sum = sum_of(c, result, *bias, Value(std::int64_t{1}));
    if (sum.sizes() != result.sizes()) c.fail("a bias of " + to_string(result.sizes()), to_string(bias->sizes()));
    result = sum;
  }
  c.give(result);
}
void matmul(Call& c) {
  same_types(c, c.tensor(0), c.tensor(1));
  c.give(matrix_product(c, c.tensor(0), c.tensor(1)));
}
template <int a_rank, int b_rank>
void ranked(Call& c) {
  if (c.tensor(0).rank() != a_rank || c.tensor(1).rank() != b_rank) {
    c.fail("tensors of " + std::to_string(a_rank) + " and " + std::to_string(b_rank) + " axes",
           to_string(c.tensor(0).sizes()) + " and " + to_string(c.tensor(1).sizes()));
  }
  if (a_rank == 3 && c.tensor(0).size(0) != c.tensor(1).size(0)) {
    c.fail("two batches of one size", to_string(c.tensor(0).sizes()) + " and " + to_string(c.tensor(1).sizes()));
  }
  matmul(c);
}

/// beta self + alpha product
void add_product(Call& c, Tensor product) {
  const Tensor& self = c.tensor(0);
  const Value& beta = c.argument(3);
  const Value& alpha = c.argument(4);
  if (!is_floating(product.type()) && (beta.real() || alpha.real())) c.fail("whole factors", describe(beta));
  expanded_strides(self, product.sizes());  // fits?
  if (to_real(alpha) != 1) product = product_of(c, product, wrap(alpha));
  if (to_real(beta) == 0) return c.give(product);  // self is not looked at, be it NaN
  const Tensor scaled = to_real(beta) == 1 ? self : product_of(c, self, wrap(beta));
  c.give(sum_of(c, product, scaled, Value(std::int64_t{1})));
}

/// The two factors behind self.
Tensor product_behind(Call& c, std::int64_t a_rank, std::int64_t b_rank) {
  const Tensor& a = c.tensor(1);
  const Tensor& b = c.tensor(2);
  same_types(c, a, b);
  same_types(c, c.tensor(0), a);
  if (a.rank() != a_rank || b.rank() != b_rank || (a_rank == 3 && a.size(0) != b.size(0))) {
    c.fail("matrices that can be multiplied", to_string(a.sizes()) + " and " + to_string(b.sizes()));
  }
  return matrix_product(c, a, b);
}
void addmm(Call& c) { add_product(c, product_behind(c, 2, 2)); }
void baddbmm(Call& c) { add_product(c, product_behind(c, 3, 3)); }
void addmv(Call& c) { add_product(c, product_behind(c, 2, 1)); }

void addbmm(Call& c) {
  const Value batch = Value::list({Value(std::int64_t{0})});
  add_product(c, made_by(c, "aten::sum", {Value(product_behind(c, 3, 3)), batch, Value(false), Value()}, 1));
}

Tensor outer_product(Call& c, const Tensor& a, const Tensor& b) {
  if (a.rank() != 1 || b.rank() != 1) c.fail("two vectors", to_string(a.sizes()) + " and " + to_string(b.sizes()));
  return product_of(c, unsqueezed(a, 1), b);
}
void outer(Call& c) { c.give(outer_product(c, c.tensor(0), c.tensor(1))); }
void addr(Call& c) { add_product(c, outer_product(c, c.tensor(1), c.tensor(2))); }

void bilinear(Call& c) {
  const Tensor& left = c.tensor(0);
  const Tensor& right = c.tensor(1);
  const Tensor& weight = c.tensor(2);
  same_types(c, left, right);
  same_types(c, left, weight);
  if (weight.rank() != 3 || left.rank() == 0 || left.rank() != right.rank()) {
    c.fail("inputs of one rank and a weight of three axes", to_string(weight.sizes()));
  }
  // left [.., 1, 1, I] x weight [O, I, J] -> [.., O, 1, J], times right [.., 1, J, 1] -> [.., O, 1, 1]
  const std::int64_t rank = left.rank();
  const Tensor rows = unsqueezed(unsqueezed(left, rank - 1), rank - 1);
  const Tensor first = matrix_product(c, rows, weight);
  const Tensor columns = unsqueezed(unsqueezed(right, rank - 1), rank + 1);
  const Tensor second = matrix_product(c, first, columns);
  Sizes sizes = left.sizes();
  sizes.back() = weight.size(0);
  Tensor result = reshaped(c, second, sizes);
  if (const auto bias = c.optional_tensor(3)) result = sum_of(c, result, *bias, Value(std::int64_t{1}));
  c.give(result);
}

}  // namespace

void check_one_type(const Call& c, const Tensor& a, const Tensor& b) {
  if (a.type() != b.type()) {
    c.fail("two tensors of one type",
           std::string(archive::to_string(a.type())) + " and " + std::string(archive::to_string(b.type())));
  }
}

Tensor matrix_product(Call& c, const Tensor& a, const Tensor& b) {
  if (a.rank() == 0 || b.rank() == 0) c.fail("tensors with axes", "one without");
  Tensor left = a.rank() == 1 ? unsqueezed(a, 0) : a;
  const Tensor right = b.rank() == 1 ? unsqueezed(b, 1) : b;
  Tensor result;
  const Sizes in_front(left.sizes().begin(), left.sizes().end() - 2);
  if (right.rank() == 2) {
    // One matrix for all rows.
    Sizes sizes(left.sizes().begin(), left.sizes().end() - 1);
    const std::int64_t k = left.size(left.rank() - 1);
    left = left.rank() == 2 ? left : reshaped(c, left, {count_elements(sizes), k});
    result = batched(c, left, right, {});
    sizes.push_back(right.size(1));
    result = reshaped(c, result, sizes);
  } else {
    const Sizes other(right.sizes().begin(), right.sizes().end() - 2);
    result = batched(c, left, right, broadcast(in_front, other));
  }
  Sizes sizes = result.sizes();
  if (b.rank() == 1) sizes.pop_back();
  if (a.rank() == 1) sizes.erase(sizes.end() - (b.rank() == 1 ? 1 : 2));
  return sizes == result.sizes() ? result : reshaped(c, result, sizes);
}

void add_products(Table& t) {
  t.add("aten::linear", {{"linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", linear}},
        Mixing::row_wise);
  t.add("aten::matmul", {{"matmul(Tensor self, Tensor other) -> Tensor", matmul}});
  t.add("aten::mm", {{"mm(Tensor self, Tensor mat2) -> Tensor", ranked<2, 2>}});
  t.add("aten::bmm", {{"bmm(Tensor self, Tensor mat2) -> Tensor", ranked<3, 3>}});
  t.add("aten::mv", {{"mv(Tensor self, Tensor vec) -> Tensor", ranked<2, 1>}});
  t.add("aten::dot", {{"dot(Tensor self, Tensor tensor) -> Tensor", ranked<1, 1>}});
  t.add("aten::inner", {{"inner(Tensor self, Tensor other) -> Tensor", [](Call& c) {
                           const Tensor& a = c.tensor(0);
                           const Tensor& b = c.tensor(1);
                           if (a.rank() != 1 && b.rank() != 1) c.refuse("a vector on one side", to_string(a.sizes()));
                           same_types(c, a, b);
                           c.give(a.rank() == 1 ? matrix_product(c, b, a) : matrix_product(c, a, b));
                         }}});
  t.add("aten::addmm",
        {{"addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", addmm}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::baddbmm",
        {{"baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", baddbmm}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::addmv",
        {{"addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor", addmv}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::addbmm",
        {{"addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", addbmm}},
        Mixing::unknown, Table::Form::also_in_place);
  t.add("aten::addr",
        {{"addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", addr}},
        Mixing::unknown, Table::Form::also_in_place);
  for (const char* name : {"aten::outer", "aten::ger"}) {
    t.add(name, {{"outer(Tensor self, Tensor vec2) -> Tensor", outer}});
  }
  t.add("aten::bilinear",
        {{"bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor", bilinear}});
}

}  // namespace bertrt::graph
