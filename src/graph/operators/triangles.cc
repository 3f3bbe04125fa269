#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

template <bool upper>
void triangle(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t diagonal = c.integer(1);
  if (a.rank() < 2) c.fail("a tensor of at least two axes", to_string(a.sizes()));
  Tensor out = c.make(a.type(), a.sizes());
  if (!all_known(out, a)) return c.give(out);
  copy_values(out, a);
  const std::int64_t rows = a.size(a.rank() - 2);
  const std::int64_t columns = a.size(a.rank() - 1);
  with_item(a.type(), [&]<typename T>() {
    T* to = out.mutable_data<T>();
    for (std::int64_t i = 0; i < out.elements(); ++i) {
      const std::int64_t row = i / columns % rows;
      const std::int64_t column = i % columns;
      // column - row against the diagonal, whatever that is
      const bool above = column - row > diagonal;
      const bool below = column - row < diagonal;
      if (upper ? below : above) to[i] = T{};
    }
  });
  c.give(out);
}

/// Rows and columns of the places on one side of a diagonal, row by row: [2, places].
template <bool upper>
void triangle_places(Call& c) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  const std::int64_t rows = c.integer(0);
  const std::int64_t columns = c.integer(1);
  const std::int64_t shift = c.integer(2);
  if (c.has(4) && c.integer(4) != 0) c.refuse("a strided layout", "layout " + std::to_string(c.integer(4)));
  if (rows < 0 || columns < 0 || rows > kMost || columns > kMost) {
    c.fail("sizes from 0 to 2^30", std::to_string(rows) + " and " + std::to_string(columns));
  }
  const auto bound = [&](std::int64_t row) {
    return std::clamp(std::clamp(shift, -kMost, kMost) + row, -kMost, kMost);
  };
  const auto first = [&](std::int64_t row) { return upper ? std::clamp<std::int64_t>(bound(row), 0, columns) : 0; };
  const auto last = [&](std::int64_t row) {
    return upper ? columns : std::clamp<std::int64_t>(bound(row) + 1, 0, columns);
  };
  // Row by row, so a budget of work must hold the rows too.
  c.count(static_cast<double>(rows));
  std::int64_t places = 0;
  for (std::int64_t row = 0; row < rows; ++row) places += last(row) - first(row);
  Tensor out = c.make(c.type(3, ElementType::int64), {2, places});
  if (out.type() != ElementType::int64) c.refuse("int64 places", std::string(archive::to_string(out.type())));
  if (!out.known()) return c.give(out);
  std::int64_t* to = out.mutable_data<std::int64_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = first(row); column < last(row); ++column, ++to) {
      to[0] = row;
      to[places] = column;
    }
  }
  c.give(out);
}

}  // namespace

void add_triangles(Table& t) {
  t.add("aten::tril", {{"tril(Tensor self, int diagonal=0) -> Tensor", triangle<false>}}, Mixing::unknown,
        Table::Form::also_in_place);
  t.add("aten::triu", {{"triu(Tensor self, int diagonal=0) -> Tensor", triangle<true>}}, Mixing::unknown,
        Table::Form::also_in_place);
  t.add("aten::tril_indices", {{"tril_indices(int row, int col, int offset=0, *, ScalarType? dtype=None, Layout? "
                                "layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
                                triangle_places<false>}});
  t.add("aten::triu_indices", {{"triu_indices(int row, int col, int offset=0, *, ScalarType? dtype=None, Layout? "
                                "layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
                                triangle_places<true>}});
}

}  // namespace bertrt::graph
