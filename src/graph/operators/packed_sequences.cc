#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

std::vector<std::int64_t> known_lengths(Call& c, const Tensor& lengths, std::string_view what) {
  if (lengths.rank() != 1 || lengths.type() != ElementType::int64 || lengths.elements() == 0) {
    c.fail(std::string(what) + ", int64", describe(Value(lengths)));
  }
  if (!lengths.known()) c.refuse("sequences of known lengths", "lengths that depend on weights");
  c.reads_values();
  return c.values_of(lengths);
}

/// Of numbers with the largest first: how many are above 0, above 1, … up to the largest. Lengths give the sequences of
/// each step by this, and these give lengths.
std::vector<std::int64_t> counts_above(const Call& c, const std::vector<std::int64_t>& numbers) {
  c.check_memory(numbers.front(), sizeof(std::int64_t));
  std::vector<std::int64_t> counts;
  std::size_t above = numbers.size();
  for (std::int64_t n = 0; n < numbers.front(); ++n) {
    while (above > 0 && numbers[above - 1] <= n) --above;
    counts.push_back(static_cast<std::int64_t>(above));
  }
  return counts;
}

/// Their sum, which has to be a number of rows.
std::int64_t sum_of(const Call& c, const std::vector<std::int64_t>& numbers) {
  constexpr std::int64_t kMost = std::int64_t{1} << 56;
  std::int64_t sum = 0;
  for (const std::int64_t number : numbers) {
    if (number > kMost - sum) c.fail("fewer rows than 2^56", to_string(numbers));
    sum += number;
  }
  return sum;
}

/// Follows from the lengths (argument 1) alone.
Tensor numbers(Call& c, const std::vector<std::int64_t>& values) {
  c.depends_on({1});
  const Tensor out = c.make(ElementType::int64, {static_cast<std::int64_t>(values.size())});
  if (out.known()) std::copy(values.begin(), values.end(), out.mutable_data<std::int64_t>());
  return out;
}

/// [steps, sequences, …] -> the rows of all sequences that go on, step by step, and how many these are in each.
void pack(Call& c) {
  Tensor x = c.tensor(0);
  if (x.rank() < 2) c.fail("an input of at least two axes", to_string(x.sizes()));
  if (c.flag(2)) x = transposed(x, 0, 1);
  const std::vector<std::int64_t> lengths = known_lengths(c, c.tensor(1), "a length of each sequence");
  if (static_cast<std::int64_t>(lengths.size()) != x.size(1) || lengths.back() < 1 || lengths.front() > x.size(0) ||
      !std::is_sorted(lengths.rbegin(), lengths.rend())) {
    c.fail("a length of each sequence, the longest first, none above " + std::to_string(x.size(0)) + " or below 1",
           to_string(lengths));
  }
  const std::vector<std::int64_t> sequences = counts_above(c, lengths);
  Sizes sizes{sum_of(c, lengths)};
  sizes.insert(sizes.end(), x.sizes().begin() + 2, x.sizes().end());
  const Tensor out = c.make(x.type(), sizes);
  if (all_known(out, x)) {
    std::int64_t row = 0;
    for (std::size_t step = 0; step < sequences.size(); ++step) {
      copy_values(narrowed(out, 0, row, sequences[step]),
                  narrowed(selected(x, 0, static_cast<std::int64_t>(step)), 0, 0, sequences[step]));
      row += sequences[step];
    }
  }
  c.give(Value::tuple({Value(out), Value(numbers(c, sequences))}));
}

/// Back to [steps, sequences, …], and the lengths; `total_length` steps if it is not 0 or less.
void pad(Call& c) {
  const Tensor& x = c.tensor(0);
  const std::vector<std::int64_t> sequences = known_lengths(c, c.tensor(1), "sequences of each step");
  if (sequences.back() < 1 || !std::is_sorted(sequences.rbegin(), sequences.rend())) {
    c.fail("sequences of each step, never more than in the step before", to_string(sequences));
  }
  const std::int64_t rows = sum_of(c, sequences);
  if (x.rank() == 0 || rows != x.size(0)) {
    c.fail("as many rows as the steps have: " + std::to_string(rows), to_string(x.sizes()));
  }
  const auto longest = static_cast<std::int64_t>(sequences.size());
  const std::int64_t total = c.integer(4) > 0 ? c.integer(4) : longest;
  if (total < longest) c.fail("a total length of at least " + std::to_string(longest), std::to_string(total));
  Sizes sizes{total, sequences.front()};
  sizes.insert(sizes.end(), x.sizes().begin() + 1, x.sizes().end());
  const Tensor out = c.make(x.type(), sizes);
  if (all_known(out, x)) {
    fill(out, c.argument(3));
    std::int64_t row = 0;
    for (std::int64_t step = 0; step < longest; ++step) {
      const std::int64_t count = sequences[static_cast<std::size_t>(step)];
      copy_values(narrowed(selected(out, 0, step), 0, 0, count), narrowed(x, 0, row, count));
      row += count;
    }
  }
  const std::vector<std::int64_t> lengths = counts_above(c, sequences);
  c.give(Value::tuple({Value(c.flag(2) ? transposed(out, 0, 1) : out), Value(numbers(c, lengths))}));
}

}  // namespace

void add_packed_sequences(Table& t) {
  t.add("aten::_pack_padded_sequence",
        {{"_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor, Tensor)", pack}});
  t.add("aten::_pad_packed_sequence", {{"_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, "
                                        "Scalar padding_value, int total_length) -> (Tensor, Tensor)",
                                        pad}});
}

}  // namespace bertrt::graph
