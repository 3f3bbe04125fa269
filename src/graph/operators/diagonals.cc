#include <algorithm>
#include <cstdlib>

#include "graph/operators/composites.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// A vector becomes the diagonal of a matrix: (self, offset, dim1, dim2).
Tensor with_diagonal(Call& c, const Tensor& a, std::int64_t offset, std::int64_t first, std::int64_t second) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (a.rank() == 0 || first == second) c.fail("a vector and two axes", to_string(a.sizes()));
  if (offset < -kMost || offset > kMost) c.fail("an offset below 2^30", std::to_string(offset));
  Sizes sizes(a.sizes().begin(), a.sizes().end() - 1);
  const std::int64_t width = a.sizes().back() + std::abs(offset);
  // The matrix's axes come where they are wanted, the smaller place first.
  for (const std::int64_t axis : {std::min(first, second), std::max(first, second)}) {
    sizes.insert(sizes.begin() + axis, width);
  }
  const Tensor out = c.make(a.type(), sizes);
  const Tensor target = made_by(c, "aten::diagonal", {Value(out), Value(offset), Value(first), Value(second)});
  if (all_known(out, a)) copy_values(target, a);
  return out;
}

void diag_embed(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(with_diagonal(c, a, c.integer(1), c.axis(2, a.rank() + 1), c.axis(3, a.rank() + 1)));
}
/// A vector's matrix or a matrix's vector.
void diag(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() != 1 && a.rank() != 2) c.fail("a vector or a matrix", to_string(a.sizes()));
  if (a.rank() == 1) return c.give(with_diagonal(c, a, c.integer(1), 0, 1));
  const std::vector<Value> arguments{Value(a), c.argument(1), Value(std::int64_t{0}), Value(std::int64_t{1})};
  c.give(copied(c, made_by(c, "aten::diagonal", arguments)));
}

void diagflat(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(with_diagonal(c, reshaped(c, a, {a.elements()}), c.integer(1), 0, 1));
}
void trace(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() != 2) c.fail("a matrix", to_string(a.sizes()));
  const Tensor diagonal =
      made_by(c, "aten::diagonal", {Value(a), Value(std::int64_t{0}), Value(std::int64_t{0}), Value(std::int64_t{1})});
  c.give(made_by(c, "aten::sum", {Value(diagonal), Value()}));
}

/// One number along the main diagonal; with `wrap` it goes on below, a row apart, in a matrix that is taller than wide.
void fill_diagonal(Call& c) {
  const Tensor& a = c.tensor(0);
  const bool wraps = c.flag(2);
  if (a.rank() < 2) c.fail("a tensor of at least two axes", to_string(a.sizes()));
  const std::int64_t least = *std::min_element(a.sizes().begin(), a.sizes().end());
  if (a.rank() > 2 && *std::max_element(a.sizes().begin(), a.sizes().end()) != least) {
    c.fail("axes of one size", to_string(a.sizes()));
  }
  const Tensor out = copied(c, a);
  const Tensor value = cast(c, c.operand(1), a.type());
  if (!all_known(out, value)) return c.give(out);
  std::int64_t step = 0;
  for (const std::int64_t stride : contiguous_strides(out.sizes())) step += stride;
  const std::int64_t last = wraps && a.rank() == 2 ? out.elements() : std::min(out.elements(), (least - 1) * step + 1);
  with_item(a.type(), [&]<typename T>() {
    for (std::int64_t at = 0; at < last; at += step) out.mutable_data<T>()[at] = *value.data<T>();
  });
  c.give(out);
}

/// The tensor once more, with `source` where a view of it looks: the view is that of operator `view`, by these
/// arguments.
void scattered(Call& c, std::string_view view, std::vector<Value> arguments) {
  const Tensor& a = c.tensor(0);
  const Tensor& source = c.tensor(1);
  const Tensor out = empty_like(c, a.type(), a);
  arguments.insert(arguments.begin(), Value(out));
  const Tensor place = made_by(c, view, std::move(arguments));
  if (place.sizes() != source.sizes()) {
    c.fail("a source of the shape " + to_string(place.sizes()), to_string(source.sizes()));
  }
  if (all_known(out, a, source)) {
    copy_values(out, a);
    copy_values(place, source);
  }
  c.give(out);
}
void select_scatter(Call& c) { scattered(c, "aten::select", {c.argument(2), c.argument(3)}); }
void slice_scatter(Call& c) {
  scattered(c, "aten::slice", {c.argument(2), c.argument(3), c.argument(4), c.argument(5)});
}
void diagonal_scatter(Call& c) { scattered(c, "aten::diagonal", {c.argument(2), c.argument(3), c.argument(4)}); }

}  // namespace

void add_diagonals(Table& t) {
  t.add("aten::diag_embed",
        {{"diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor", diag_embed}});
  t.add("aten::diag", {{"diag(Tensor self, int diagonal=0) -> Tensor", diag}});
  t.add("aten::diagflat", {{"diagflat(Tensor self, int offset=0) -> Tensor", diagflat}});
  t.add("aten::trace", {{"trace(Tensor self) -> Tensor", trace}});
  t.add("aten::fill_diagonal_",
        {{"fill_diagonal_(Tensor(a!) self, Scalar fill_value, bool wrap=False) -> Tensor(a!)", fill_diagonal, true}});
  t.add("aten::select_scatter",
        {{"select_scatter(Tensor self, Tensor src, int dim, int index) -> Tensor", select_scatter}});
  t.add("aten::slice_scatter", {{"slice_scatter(Tensor self, Tensor src, int dim=0, int? start=None, int? end=None, "
                                 "int step=1) -> Tensor",
                                 slice_scatter}});
  t.add("aten::diagonal_scatter", {{"diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) "
                                    "-> Tensor",
                                    diagonal_scatter}});
}

}  // namespace bertrt::graph
