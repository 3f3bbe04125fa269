#include <cmath>
#include <limits>

#include "graph/operators/arithmetic.h"
#include "graph/operators/normalization.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/products.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// A bool mask as what is added to the scores.
Tensor as_bias(Call& c, const Tensor& mask, ElementType type) {
  if (mask.type() != ElementType::boolean) {
    if (mask.type() != type) c.fail("a mask of bool or the query's type", std::string(archive::to_string(mask.type())));
    return mask;
  }
  Tensor out = make_like(c, type, mask.sizes(), {&mask});
  if (!all_known(out, mask)) return out;
  with_wide_type(type, [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) {
      map_values<T, std::uint8_t>(
          out, mask, [](std::uint8_t seen) { return seen != 0 ? T{0} : -std::numeric_limits<T>::infinity(); });
    }
  });
  return out;
}

Tensor causal_bias(Call& c, std::int64_t queries, std::int64_t keys, ElementType type) {
  Tensor out = c.make(type, {queries, keys});
  if (!out.known()) return out;
  for (std::int64_t row = 0; row < queries; ++row) {
    const std::int64_t seen = std::min(row + 1, keys);
    if (seen < keys) {
      fill(out.view_as({keys - seen}, {1}, row * keys + seen), Value(-std::numeric_limits<double>::infinity()));
    }
  }
  return out;
}

/// Rows that see nothing are 0, not NaN.
void clear_blind_rows(const Tensor& weights) {
  if (!weights.known() || weights.elements() == 0) return;
  const std::int64_t keys = weights.size(weights.rank() - 1);
  with_wide_type(weights.type(), [&]<typename T>() {
    T* p = weights.mutable_data<T>();
    for (std::int64_t at = 0; at < weights.elements(); at += keys) {
      if (p[at] == p[at]) continue;
      std::fill(p + at, p + at + keys, T{0});
    }
  });
}

/// Whether libtorch has a kernel of its own for these, whose result lies in memory as the query does; its general way
/// ends in a product, which is row-major. reshape() and view() behind it are legal by this.
bool lies_as_query(const Tensor& query, const Tensor& key, const Tensor& value, const std::optional<Tensor>& mask) {
  if (query.rank() != 4) return false;
  for (const Tensor* one : {&query, &key, &value}) {
    if (one->stride(3) != 1 || one->size(0) != query.size(0) || one->size(3) != query.size(3) || one->size(2) == 0) {
      return false;
    }
  }
  if (key.size(1) != value.size(1) || key.size(1) == 0) return false;
  if (!mask) return true;
  const auto fits = [&](std::int64_t axis, std::int64_t size) {
    const std::int64_t own = mask->size(mask->rank() - axis);
    return own == 1 || own == size;
  };
  if (mask->rank() != 2 && mask->rank() != 4) return false;
  return fits(1, key.size(2)) && fits(2, query.size(2)) &&
         (mask->rank() == 2 || (fits(3, query.size(1)) && fits(4, query.size(0))));
}

void attention(Call& c) {
  const Tensor& query = c.tensor(0);
  Tensor key = c.tensor(1);
  Tensor value = c.tensor(2);
  if (c.real(4) != 0)
    c.refuse("a model in evaluation mode", "attention with dropout: the trace was made in training mode");
  const bool causal = c.flag(5);
  for (const Tensor* one : {&query, &std::as_const(key), &std::as_const(value)}) {
    if (one->rank() < 2 || !is_floating(one->type()) || one->type() != query.type()) {
      c.fail("query, key and value of one floating type and at least two axes", to_string(one->sizes()));
    }
  }
  const std::int64_t rank = query.rank();
  if (c.optional_tensor(3) && c.optional_tensor(3)->rank() < 2) {
    c.fail("a mask of queries and keys", to_string(c.optional_tensor(3)->sizes()));
  }
  const bool lies = lies_as_query(query, key, value, c.optional_tensor(3));
  if (key.rank() != rank || value.rank() != rank) c.fail("query, key and value of one rank", to_string(key.sizes()));
  if (query.size(rank - 1) != key.size(rank - 1) || key.size(rank - 2) != value.size(rank - 2)) {
    c.fail("a key that fits the query and the value",
           to_string(query.sizes()) + ", " + to_string(key.sizes()) + ", " + to_string(value.sizes()));
  }
  if (c.flag(7)) {
    if (rank < 3 || key.size(rank - 3) == 0 || query.size(rank - 3) % key.size(rank - 3) != 0 ||
        key.size(rank - 3) != value.size(rank - 3)) {
      c.fail("heads that are shared evenly", to_string(key.sizes()));
    }
    const std::int64_t times = query.size(rank - 3) / key.size(rank - 3);
    const auto shared = [&](const Tensor& one) {
      Sizes sizes = one.sizes();
      sizes.insert(sizes.end() - 2, times);
      const Tensor wide = copied(c, expand(unsqueezed(one, rank - 2), sizes));
      Sizes heads = one.sizes();
      heads[static_cast<std::size_t>(rank - 3)] *= times;
      return wide.view_as(heads, contiguous_strides(heads), 0);
    };
    if (times != 1) {
      key = shared(key);
      value = shared(value);
    }
  }
  const double scale = c.has(6) ? c.real(6) : 1 / std::sqrt(static_cast<double>(query.size(rank - 1)));
  Tensor scores = matrix_product(c, query, transposed(key, rank - 2, rank - 1));
  scores = product_of(c, scores, wrap(Value(scale)));
  const auto mask = c.optional_tensor(3);
  if (mask) {
    const Tensor sum = sum_of(c, scores, as_bias(c, *mask, query.type()), Value(std::int64_t{1}));
    if (sum.sizes() != scores.sizes())
      c.fail("a mask that fits " + to_string(scores.sizes()), to_string(mask->sizes()));
    scores = sum;
  }
  if (causal) {
    scores = sum_of(c, scores, causal_bias(c, query.size(rank - 2), key.size(rank - 2), query.type()),
                    Value(std::int64_t{1}));
  }
  const Tensor weights = softmax_of(c, scores, scores.rank() - 1, false);
  if (mask || causal) clear_blind_rows(weights);
  const Tensor result = matrix_product(c, weights, value);
  if (!lies || result.sizes() != query.sizes()) return c.give(result);
  // It lies as the query does: where heads of a token lie next to each other, joining them is a view.
  const Tensor laid = empty_like(c, query.type(), query);
  if (all_known(laid, result)) copy_values(laid, result);
  c.give(laid);
}

}  // namespace

void add_attention(Table& t) {
  t.add("aten::scaled_dot_product_attention",
        {{"scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float "
          "dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor",
          attention}});
}

}  // namespace bertrt::graph
