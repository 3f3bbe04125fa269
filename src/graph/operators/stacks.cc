#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

void stack(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  const ElementType type = common_type(c, all);
  const std::int64_t axis = c.axis(1, all[0].rank() + 1);
  const Sizes sizes = all[0].sizes();
  for (Tensor& one : all) {
    if (one.sizes() != sizes) c.fail("tensors of the shape " + to_string(sizes), to_string(one.sizes()));
  }
  Sizes result = sizes;
  result.insert(result.begin() + axis, static_cast<std::int64_t>(all.size()));
  Tensor out = c.make(type, result);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all_known(out, all[i])) copy_values(selected(out, axis, static_cast<std::int64_t>(i)), all[i]);
  }
  c.give(out);
}
void hstack(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  const ElementType type = common_type(c, all);
  for (Tensor& one : all) {
    if (one.rank() == 0) one = reshaped(c, one, {1});
  }
  c.give(joined(c, all, all[0].rank() == 1 ? 0 : 1, type));
}
void vstack(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  const ElementType type = common_type(c, all);
  for (Tensor& one : all) {
    if (one.rank() < 2) one = reshaped(c, one, {1, one.elements()});
  }
  c.give(joined(c, all, 0, type));
}

/// With axes of one element until it has `rank` of them: a vector lies on the axis before the last two, as in ATen.
Tensor with_axes(Call& c, const Tensor& a, std::int64_t rank) {
  Tensor one = a.rank() == 0 ? reshaped(c, a, {1}) : a;
  if (one.rank() == 1 && rank >= 2) one = unsqueezed(one, 0);
  if (one.rank() == 2 && rank >= 3) one = unsqueezed(one, 2);
  return one;
}
template <std::int64_t rank>
void at_least(Call& c) {
  if (c.argument(0).tensor() != nullptr) return c.give(with_axes(c, c.tensor(0), rank));
  std::vector<Value> all;
  for (const Tensor& one : c.tensors(0)) all.emplace_back(with_axes(c, one, rank));
  c.give(Value::list(std::move(all)));
}
void dstack(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  const ElementType type = common_type(c, all);
  for (Tensor& one : all) one = with_axes(c, one, 3);
  c.give(joined(c, all, 2, type));
}
void column_stack(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  const ElementType type = common_type(c, all);
  for (Tensor& one : all) {
    if (one.rank() < 2) one = reshaped(c, one, {one.elements(), 1});
  }
  c.give(joined(c, all, 1, type));
}
void block_diag(Call& c) {
  std::vector<Tensor> all = c.tensors(0);
  if (all.empty()) c.refuse("at least one tensor", "none");
  ElementType type = all[0].type();
  Sizes sizes{0, 0};
  for (Tensor& one : all) {
    if (one.rank() > 2) c.fail("tensors of at most two axes", to_string(one.sizes()));
    type = promote_types(type, one.type());
    one = with_axes(c, one, 2);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      if (__builtin_add_overflow(sizes[axis], one.sizes()[axis], &sizes[axis])) c.fail("sizes within 64 bits", "more");
    }
  }
  const Tensor out = c.make(type, sizes);
  std::int64_t row = 0;
  std::int64_t column = 0;
  for (const Tensor& one : all) {
    const Tensor place = narrowed(narrowed(out, 0, row, one.size(0)), 1, column, one.size(1));
    if (all_known(out, one)) copy_values(place, one);
    row += one.size(0);
    column += one.size(1);
  }
  c.give(out);
}

}  // namespace

void add_stacks(Table& t) {
  t.add("aten::stack", {{"stack(Tensor[] tensors, int dim=0) -> Tensor", stack}});
  t.add("aten::hstack", {{"hstack(Tensor[] tensors) -> Tensor", hstack}});
  for (const char* name : {"aten::vstack", "aten::row_stack"}) {
    t.add(name, {{"vstack(Tensor[] tensors) -> Tensor", vstack}});
  }
  t.add("aten::dstack", {{"dstack(Tensor[] tensors) -> Tensor", dstack}});
  t.add("aten::column_stack", {{"column_stack(Tensor[] tensors) -> Tensor", column_stack}});
  t.add("aten::block_diag", {{"block_diag(Tensor[] tensors) -> Tensor", block_diag}});
  t.add("aten::atleast_1d", {{"atleast_1d(Tensor self) -> Tensor", at_least<1>},
                             {"atleast_1d.Sequence(Tensor[] tensors) -> Tensor[]", at_least<1>}});
  t.add("aten::atleast_2d", {{"atleast_2d(Tensor self) -> Tensor", at_least<2>},
                             {"atleast_2d.Sequence(Tensor[] tensors) -> Tensor[]", at_least<2>}});
  t.add("aten::atleast_3d", {{"atleast_3d(Tensor self) -> Tensor", at_least<3>},
                             {"atleast_3d.Sequence(Tensor[] tensors) -> Tensor[]", at_least<3>}});
}

}  // namespace bertrt::graph
