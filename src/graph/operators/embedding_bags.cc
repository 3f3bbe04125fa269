#include <algorithm>
#include <optional>

#include "graph/operators/indexing.h"
#include "graph/operators/loops.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

enum Mode : std::int64_t { kSum = 0, kMean = 1, kMax = 2 };

struct Bags {
  Sizes ids;
  Sizes starts;  ///< of each bag, and the end of the last one
  std::optional<std::int64_t> padding;
  std::int64_t mode = kSum;
};

/// Where the bags begin, each behind the one before. @throws Error runtime
Sizes starts_of(const Call& c, Sizes offsets, bool with_last, std::int64_t ids) {
  if (offsets.empty()) {
    if (with_last) c.fail("an offset for the end of the last bag", "none");
    return {ids};
  }
  if (offsets.front() != 0) c.fail("offsets that begin with 0", std::to_string(offsets.front()));
  if (!with_last) offsets.push_back(ids);
  if (!std::is_sorted(offsets.begin(), offsets.end()) || offsets.back() > ids) {
    c.fail("offsets in order, up to the " + std::to_string(ids) + " indices", to_string(offsets));
  }
  return offsets;
}

/// The table's rows of each bag put together; `out` is all zeros before.
template <typename T>
void put_together(const Bags& bags, const Tensor& table, const Tensor* weights, const Tensor& out) {
  const std::int64_t width = table.size(1);
  T* to = out.mutable_data<T>();
  for (std::size_t bag = 0; bag + 1 < bags.starts.size(); ++bag, to += width) {
    std::int64_t count = 0;
    for (std::int64_t i = bags.starts[bag]; i < bags.starts[bag + 1]; ++i) {
      const std::int64_t id = bags.ids[static_cast<std::size_t>(i)];
      if (bags.padding == id) continue;
      const T* row = table.data<T>() + id * table.stride(0);
      const T weight = weights == nullptr ? T{1} : weights->data<T>()[i * weights->stride(0)];
      for (std::int64_t j = 0; j < width; ++j) {
        const T value = row[j * table.stride(1)];
        if (bags.mode != kMax) {
          to[j] += value * weight;
        } else if (count == 0 || value > to[j]) {
          to[j] = value;
        }
      }
      ++count;
    }
    if (bags.mode != kMean || count == 0) continue;
    for (std::int64_t j = 0; j < width; ++j) to[j] /= static_cast<T>(count);
  }
}

void embedding_bag(Call& c) {
  const Tensor& table = c.tensor(0);
  const Tensor& ids = c.tensor(1);
  const Tensor& offsets = c.tensor(2);
  const std::optional<Tensor> weights = c.optional_tensor(6);
  const bool with_last = c.flag(7);
  Bags bags;
  bags.mode = c.integer(4);
  if (c.flag(5)) c.refuse("dense embeddings", "sparse=True");
  if (table.rank() != 2 || ids.rank() != 1 || offsets.rank() != 1) {
    c.fail("a table of two axes, indices and offsets of one",
           to_string(table.sizes()) + ", " + to_string(ids.sizes()) + " and " + to_string(offsets.sizes()));
  }
  if (!is_floating(table.type())) c.fail("a table of floating-point numbers", describe(c.argument(0)));
  if (bags.mode < kSum || bags.mode > kMax) c.fail("mode 0, 1 or 2", std::to_string(bags.mode));
  if (weights && (bags.mode != kSum || weights->type() != table.type() || weights->sizes() != ids.sizes())) {
    c.fail("weights of sums, of the table's type, as many as indices", describe(c.argument(6)));
  }
  if (c.size() > 8 && c.has(8)) bags.padding = c.wrap_axis(c.integer(8), table.size(0));
  const Tensor out =
      c.make(table.type(), {std::max<std::int64_t>(0, offsets.size(0) - (with_last ? 1 : 0)), table.size(1)});
  // What only a backward pass reads is left out.
  const auto give = [&] { c.give(Value::tuple({Value(out), Value(), Value(), Value()})); };
  if (!ids.known() || !c.may_read(ids.elements())) return give();
  bags.ids = index_values(c, ids);
  for (const std::int64_t id : bags.ids) checked_index(c, id, table.size(0), false);
  if (!offsets.known() || !c.may_read(offsets.elements())) return give();
  bags.starts = starts_of(c, index_values(c, offsets), with_last, ids.size(0));
  if (!all_known(out, table) || (weights && !weights->known())) return give();
  c.count(static_cast<double>(ids.size(0)) * static_cast<double>(table.size(1)));
  const Tensor* factors = weights ? &*weights : nullptr;
  if (table.type() == ElementType::float64) {
    put_together<double>(bags, table, factors, out);
  } else {
    put_together<float>(bags, table, factors, out);
  }
  give();
}

}  // namespace

void add_embedding_bags(Table& t) {
  t.add("aten::embedding_bag",
        {{"embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, "
          "bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False) -> (Tensor, Tensor, "
          "Tensor, Tensor)",
          embedding_bag},
         {"embedding_bag.padding_idx(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq, int mode, "
          "bool sparse, Tensor? per_sample_weights, bool include_last_offset, int? padding_idx) -> (Tensor, Tensor, "
          "Tensor, Tensor)",
          embedding_bag}});
}

}  // namespace bertrt::graph
