#include <algorithm>
#include <limits>
#include <numeric>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

void view(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes sizes = inferred(c, c.integers(1), a.elements());
  const auto strides = view_strides(a, sizes);
  if (!strides) {
    c.fail("sizes that the strides " + to_string(a.strides()) + " of " + to_string(a.sizes()) + " can have",
           to_string(sizes));
  }
  c.give(a.view_as(sizes, *strides, a.offset()));
}
void view_as_other(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes& sizes = c.tensor(1).sizes();
  if (count_elements(sizes) != a.elements()) c.fail("a shape of as many elements", to_string(sizes));
  const auto strides = view_strides(a, sizes);
  if (!strides) c.fail("sizes that the strides can have", to_string(sizes));
  c.give(a.view_as(sizes, *strides, a.offset()));
}
void reshape(Call& c) { c.give(reshaped(c, c.tensor(0), c.integers(1))); }
void reshape_as(Call& c) {
  const Sizes sizes = c.tensor(1).sizes();
  c.depends_on({0});
  c.give(reshaped(c, c.tensor(0), sizes));
}

void expand_op(Call& c) {
  const Tensor& a = c.tensor(0);
  Sizes sizes = c.integers(1);
  if (sizes.size() < a.sizes().size()) c.fail("at least " + std::to_string(a.rank()) + " sizes", to_string(sizes));
  const std::size_t more = sizes.size() - a.sizes().size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != -1) continue;
    if (i < more) c.fail("a size for the new axis", "-1");
    sizes[i] = a.sizes()[i - more];
  }
  c.give(expand(a, sizes));
}
void expand_as(Call& c) { c.give(expand(c.tensor(0), c.tensor(1).sizes())); }

void transpose(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(transposed(a, c.axis(1, a.rank()), c.axis(2, a.rank())));
}
void t_op(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() > 2) c.fail("a tensor of at most two axes", to_string(a.sizes()));
  c.give(a.rank() < 2 ? a : transposed(a, 0, 1));
}
void all_axes_reversed(Call& c) {
  Sizes order(c.tensor(0).sizes().size());
  std::iota(order.rbegin(), order.rend(), 0);
  c.give(permuted(c.tensor(0), order));
}
void last_axes_swapped(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() < 2) c.fail("a tensor of at least two axes", to_string(a.sizes()));
  c.give(transposed(a, a.rank() - 2, a.rank() - 1));
}
void permute(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes order = c.integers(1);
  if (order.size() != a.sizes().size()) c.fail("each axis of " + to_string(a.sizes()), to_string(order));
  c.give(permuted(a, c.wrap_axes(order, a.rank())));
}
void movedim(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes from = c.wrap_axes(c.argument(1).list() ? c.integers(1) : Sizes{c.integer(1)}, a.rank());
  const Sizes to = c.wrap_axes(c.argument(2).list() ? c.integers(2) : Sizes{c.integer(2)}, a.rank());
  if (from.size() != to.size()) c.fail("as many destinations as sources", to_string(to));
  if (a.rank() == 0) return c.give(a);
  Sizes order(a.sizes().size(), -1);
  for (std::size_t i = 0; i < from.size(); ++i) order[static_cast<std::size_t>(to[i])] = from[i];
  std::int64_t next = 0;
  for (std::int64_t& axis : order) {
    if (axis >= 0) continue;
    while (std::find(from.begin(), from.end(), next) != from.end()) ++next;
    axis = next++;
  }
  c.give(permuted(a, order));
}

void unsqueeze(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(unsqueezed(a, c.axis(1, a.rank() + 1)));
}

Tensor without(const Tensor& a, const Sizes& axes) {
  Sizes sizes;
  Sizes strides;
  for (std::int64_t axis = 0; axis < a.rank(); ++axis) {
    if (a.size(axis) == 1 && std::find(axes.begin(), axes.end(), axis) != axes.end()) continue;
    sizes.push_back(a.size(axis));
    strides.push_back(a.stride(axis));
  }
  return a.view_as(std::move(sizes), std::move(strides), a.offset());
}
void squeeze(Call& c) {
  Sizes all(c.tensor(0).sizes().size());
  std::iota(all.begin(), all.end(), 0);
  c.give(without(c.tensor(0), all));
}
void squeeze_axis(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(without(a, c.wrap_axes(c.argument(1).list() ? c.integers(1) : Sizes{c.integer(1)}, a.rank())));
}

void select(Call& c) {
  const Tensor& a = c.tensor(0);
  c.give(selected(a, c.axis(1, a.rank()), c.integer(2)));
}
void slice(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  const std::int64_t axis = c.axis(1, a.rank());
  const std::int64_t size = a.size(axis);
  const std::int64_t step = c.integer(4);
  if (step <= 0) c.fail("a step above 0", std::to_string(step));
  std::int64_t start = c.integer_or(2, 0);
  std::int64_t end = c.integer_or(3, std::numeric_limits<std::int64_t>::max());
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = std::clamp<std::int64_t>(start, 0, size);
  end = std::clamp<std::int64_t>(end, start, size);
  const std::int64_t span = end - start;
  Sizes sizes = a.sizes();
  Sizes strides = a.strides();
  const auto at = static_cast<std::size_t>(axis);
  sizes[at] = span / step + (span % step != 0 ? 1 : 0);
  if (__builtin_mul_overflow(strides[at], step, &strides[at])) strides[at] = 1;  // of one element, then
  c.give(a.view_as(std::move(sizes), std::move(strides), a.offset() + (start == 0 ? 0 : start * a.stride(axis))));
}
void narrow(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  const std::int64_t axis = c.axis(1, a.rank());
  std::int64_t start = c.integer(2);
  if (start < -a.size(axis) || start > a.size(axis)) c.fail("a start within the axis", std::to_string(start));
  if (start < 0) start += a.size(axis);
  c.give(narrowed(a, axis, start, c.integer(3)));
}

void flatten(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t first = c.axis(1, a.rank());
  const std::int64_t last = c.axis(2, a.rank());
  if (first > last) c.fail("start_dim up to end_dim", std::to_string(first) + " and " + std::to_string(last));
  if (a.rank() == 0) return c.give(reshaped(c, a, {1}));
  if (first == last) return c.give(a);
  Sizes sizes(a.sizes().begin(), a.sizes().begin() + first);
  sizes.push_back(count_elements(Sizes(a.sizes().begin() + first, a.sizes().begin() + last + 1)));
  sizes.insert(sizes.end(), a.sizes().begin() + last + 1, a.sizes().end());
  c.give(reshaped(c, a, sizes));
}
void unflatten(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  const std::int64_t axis = c.axis(1, a.rank());
  const Sizes inner = inferred(c, c.integers(2), a.size(axis));
  if (inner.empty()) c.fail("sizes", "none");
  Sizes sizes(a.sizes().begin(), a.sizes().begin() + axis);
  sizes.insert(sizes.end(), inner.begin(), inner.end());
  sizes.insert(sizes.end(), a.sizes().begin() + axis + 1, a.sizes().end());
  const auto strides = view_strides(a, sizes);
  if (!strides) c.fail("sizes that the strides can have", to_string(sizes));
  c.give(a.view_as(sizes, *strides, a.offset()));
}

void as_strided(Call& c) {
  const Tensor& a = c.tensor(0);
  const Sizes sizes = c.integers(1);
  const Sizes strides = c.integers(2);
  // The literals were right for the strides that the argument had then: say so where they are not its own now.
  if (sizes != a.sizes() || strides != a.strides()) c.run().baked_strides = true;
  c.give(a.view_as(sizes, strides, c.integer_or(3, a.offset())));
}

void diagonal(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t first = c.axis(2, a.rank());
  const std::int64_t second = c.axis(3, a.rank());
  if (a.rank() < 2 || first == second) c.fail("two axes", to_string(a.sizes()));
  const std::int64_t shift = c.integer(1);
  const auto beyond = [&](std::int64_t axis, std::int64_t by) { return by >= a.size(axis) ? 0 : a.size(axis) - by; };
  const std::int64_t count = shift >= 0 ? std::min(a.size(first), beyond(second, shift))
                             : shift == std::numeric_limits<std::int64_t>::min()
                                 ? 0
                                 : std::min(beyond(first, -shift), a.size(second));
  std::int64_t offset = a.offset();
  if (count > 0) offset += shift >= 0 ? shift * a.stride(second) : -shift * a.stride(first);
  Sizes sizes;
  Sizes strides;
  for (std::int64_t axis = 0; axis < a.rank(); ++axis) {
    if (axis == first || axis == second) continue;
    sizes.push_back(a.size(axis));
    strides.push_back(a.stride(axis));
  }
  sizes.push_back(count);
  std::int64_t step = 0;
  if (__builtin_add_overflow(a.stride(first), a.stride(second), &step)) step = 1;
  strides.push_back(step);
  c.give(a.view_as(std::move(sizes), std::move(strides), offset));
}

void unfold(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = c.axis(1, a.rank());
  const std::int64_t size = c.integer(2);
  const std::int64_t step = c.integer(3);
  const std::int64_t length = a.rank() == 0 ? 1 : a.size(axis);
  if (size < 0 || size > length) c.fail("a size of at most " + std::to_string(length), std::to_string(size));
  if (step <= 0) c.fail("a step above 0", std::to_string(step));
  Sizes sizes = a.sizes();
  Sizes strides = a.strides();
  if (a.rank() != 0) {
    const auto at = static_cast<std::size_t>(axis);
    sizes[at] = (length - size) / step + 1;
    if (__builtin_mul_overflow(a.strides()[at], step, &strides[at])) strides[at] = 1;
  }
  sizes.push_back(size);
  strides.push_back(a.rank() == 0 ? 1 : a.stride(axis));
  c.give(a.view_as(std::move(sizes), std::move(strides), a.offset()));
}

void itself(Call& c) { c.give(c.argument(0)); }

}  // namespace

void add_views(Table& t) {
  t.add("aten::view", {{"view(Tensor(a) self, int[] size) -> Tensor(a)", view}});
  t.add("aten::_unsafe_view", {{"_unsafe_view(Tensor self, int[] size) -> Tensor", view}});
  t.add("aten::view_as", {{"view_as(Tensor(a) self, Tensor other) -> Tensor(a)", view_as_other}});
  t.add("aten::reshape", {{"reshape(Tensor(a) self, int[] shape) -> Tensor(a)", reshape}});
  t.add("aten::reshape_as", {{"reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)", reshape_as}});
  t.add("aten::expand", {{"expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)", expand_op}});
  t.add("aten::broadcast_to", {{"broadcast_to(Tensor(a) self, int[] size) -> Tensor(a)", expand_op}});
  t.add("aten::expand_as", {{"expand_as(Tensor(a) self, Tensor other) -> Tensor(a)", expand_as}});
  for (const char* name : {"aten::transpose", "aten::swapaxes", "aten::swapdims"}) {
    t.add(name, {{"transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)", transpose}});
  }
  t.add("aten::t", {{"t(Tensor(a) self) -> Tensor(a)", t_op}});
  t.add("aten::numpy_T", {{"numpy_T(Tensor(a) self) -> Tensor(a)", all_axes_reversed}});
  for (const char* name : {"aten::mT", "aten::mH", "aten::adjoint"}) {
    t.add(name, {{"mT(Tensor(a) self) -> Tensor(a)", last_axes_swapped}});
  }
  t.add("aten::permute", {{"permute(Tensor(a) self, int[] dims) -> Tensor(a)", permute}});
  for (const char* name : {"aten::movedim", "aten::moveaxis"}) {
    t.add(name, {{"movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)", movedim},
                 {"movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)", movedim}});
  }
  t.add("aten::unsqueeze", {{"unsqueeze(Tensor(a) self, int dim) -> Tensor(a)", unsqueeze}});
  t.add("aten::squeeze", {{"squeeze(Tensor(a) self) -> Tensor(a)", squeeze},
                          {"squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)", squeeze_axis},
                          {"squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)", squeeze_axis}});
  t.add("aten::select", {{"select.int(Tensor(a) self, int dim, int index) -> Tensor(a)", select}});
  t.add("aten::slice",
        {{"slice.Tensor(Tensor(a) self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor(a)", slice}});
  t.add("aten::narrow", {{"narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)", narrow}});
  t.add("aten::flatten",
        {{"flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)", flatten}});
  t.add("aten::ravel", {{"ravel(Tensor(a) self) -> Tensor(a)",
                         [](Call& c) { c.give(reshaped(c, c.tensor(0), {c.tensor(0).elements()})); }}});
  t.add("aten::unflatten", {{"unflatten.int(Tensor(a) self, int dim, int[] sizes) -> Tensor(a)", unflatten}});
  t.add("aten::as_strided",
        {{"as_strided(Tensor(a) self, int[] size, int[] stride, int? storage_offset=None) -> Tensor(a)", as_strided}});
  t.add("aten::diagonal", {{"diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)", diagonal}});
  t.add("aten::unfold", {{"unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)", unfold}});
  for (const char* name : {"aten::detach", "aten::alias", "aten::detach_", "aten::lift_fresh", "aten::lift_fresh_copy",
                           "aten::requires_grad_", "aten::resolve_conj", "aten::resolve_neg", "aten::real"}) {
    t.add(name, {{"itself(Tensor(a) self) -> Tensor(a)", itself}}, Mixing::row_wise);
  }
}

}  // namespace bertrt::graph
