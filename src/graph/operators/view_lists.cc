#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

// An axis can be cut into no more parts than a list may hold.
void check_parts(const Call& c, std::int64_t parts) {
  if (parts > static_cast<std::int64_t>(Nesting::kMaxValues)) c.fail("at most 1048576 parts", std::to_string(parts));
}

std::vector<Value> parts_of(Call& c, const Tensor& a, std::int64_t axis, std::int64_t size) {
  const std::int64_t length = a.size(axis);
  if (size < 0 || (size == 0 && length != 0)) c.fail("a part's size above 0", std::to_string(size));
  std::vector<Value> parts;
  if (size == 0) return {Value(a)};
  check_parts(c, length / size + 1);
  for (std::int64_t start = 0; start == 0 || start < length; start += std::min(size, length - start)) {
    parts.emplace_back(narrowed(a, axis, start, std::min(size, length - start)));
    if (length == 0) break;
  }
  return parts;
}

std::vector<Value> sized_parts(Call& c, const Tensor& a, std::int64_t axis, const Sizes& sizes) {
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0 || __builtin_add_overflow(total, size, &total)) c.fail("sizes of parts", to_string(sizes));
  }
  if (total != a.size(axis)) c.fail("parts of " + std::to_string(a.size(axis)) + " in all", to_string(sizes));
  std::vector<Value> parts;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    parts.emplace_back(narrowed(a, axis, start, size));
    start += size;
  }
  return parts;
}

std::int64_t axis_of(const Call& c, const Tensor& a, std::size_t i) {
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  return c.axis(i, a.rank());
}

void split(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = axis_of(c, a, 2);
  c.give(Value::list(parts_of(c, a, axis, c.integer(1))));
}
void split_sizes(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = axis_of(c, a, 2);
  c.give(Value::list(sized_parts(c, a, axis, c.integers(1))));
}
void chunk(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t chunks = c.integer(1);
  const std::int64_t axis = axis_of(c, a, 2);
  if (chunks <= 0) c.fail("chunks above 0", std::to_string(chunks));
  const std::int64_t length = a.size(axis);
  if (length == 0) {
    check_parts(c, chunks);
    return c.give(Value::list(std::vector<Value>(static_cast<std::size_t>(chunks), Value(a))));
  }
  c.give(Value::list(parts_of(c, a, axis, length / chunks + (length % chunks != 0 ? 1 : 0))));
}
void tensor_split(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t sections = c.integer(1);
  const std::int64_t axis = axis_of(c, a, 2);
  if (sections <= 0) c.fail("sections above 0", std::to_string(sections));
  check_parts(c, sections);
  const std::int64_t length = a.size(axis);
  Sizes sizes(static_cast<std::size_t>(sections), length / sections);
  for (std::int64_t i = 0; i < length % sections; ++i) ++sizes[static_cast<std::size_t>(i)];
  c.give(Value::list(sized_parts(c, a, axis, sizes)));
}
/// Cut in front of each of the places, which may be negative as in slices.
std::vector<Value> parts_before(const Tensor& a, std::int64_t axis, const Sizes& places) {
  const std::int64_t length = a.size(axis);
  std::vector<Value> parts;
  std::int64_t start = 0;
  const auto inside = [&](std::int64_t place) {
    return std::clamp<std::int64_t>(place < 0 ? std::max(place, -length) + length : place, 0, length);
  };
  for (std::size_t i = 0; i <= places.size(); ++i) {
    const std::int64_t end = i < places.size() ? places[i] : length;
    const std::int64_t from = inside(start);
    parts.emplace_back(narrowed(a, axis, from, std::max<std::int64_t>(inside(end) - from, 0)));
    start = end;
  }
  return parts;
}
void tensor_split_before(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = axis_of(c, a, 2);
  c.give(Value::list(parts_before(a, axis, c.integers(1))));
}
/// hsplit, vsplit and dsplit: an axis of their own, cut into parts of one size or in front of places.
void split_axis(Call& c, std::int64_t least_rank, std::int64_t axis) {
  const Tensor& a = c.tensor(0);
  if (a.rank() < least_rank)
    c.fail("a tensor of at least " + std::to_string(least_rank) + " axes", to_string(a.sizes()));
  if (c.argument(1).list() != nullptr) return c.give(Value::list(parts_before(a, axis, c.integers(1))));
  const std::int64_t parts = c.integer(1);
  if (parts <= 0 || a.size(axis) % parts != 0)
    c.fail("a divisor of " + std::to_string(a.size(axis)), std::to_string(parts));
  check_parts(c, parts);
  c.give(Value::list(sized_parts(c, a, axis, Sizes(static_cast<std::size_t>(parts), a.size(axis) / parts))));
}
void hsplit(Call& c) { split_axis(c, 1, c.tensor(0).rank() == 1 ? 0 : 1); }
void vsplit(Call& c) { split_axis(c, 2, 0); }
void dsplit(Call& c) { split_axis(c, 3, 2); }
void broadcast_tensors(Call& c) {
  const std::vector<Tensor> all = c.tensors(0);
  if (all.empty()) c.fail("at least one tensor", "none");
  Sizes sizes = all[0].sizes();
  for (const Tensor& one : all) sizes = broadcast(sizes, one.sizes());
  std::vector<Value> expanded;
  for (const Tensor& one : all) expanded.emplace_back(expand(one, sizes));
  c.give(Value::list(std::move(expanded)));
}
void unbind(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t axis = axis_of(c, a, 1);
  check_parts(c, a.size(axis));
  std::vector<Value> parts;
  for (std::int64_t i = 0; i < a.size(axis); ++i) parts.emplace_back(selected(a, axis, i));
  c.give(Value::list(std::move(parts)));
}
void meshgrid(Call& c) {
  const std::vector<Tensor> axes = c.tensors(0);
  const std::string indexing = c.size() > 1 ? c.text(1) : "ij";
  if (axes.empty() || axes.size() > Tensor::kMaxRank) c.fail("1 to 64 tensors", std::to_string(axes.size()));
  if (indexing != "ij" && indexing != "xy") c.fail("indexing ij or xy", indexing);
  const bool swapped = indexing == "xy" && axes.size() > 1;
  std::vector<std::size_t> order(axes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (swapped) std::swap(order[0], order[1]);
  Sizes sizes;
  for (const std::size_t i : order) {
    if (axes[i].rank() > 1) c.fail("tensors of one axis", to_string(axes[i].sizes()));
    sizes.push_back(axes[i].elements());
  }
  std::vector<Value> grids(axes.size());
  for (std::size_t place = 0; place < order.size(); ++place) {
    const Tensor& one = axes[order[place]];
    Sizes shape(axes.size(), 1);
    Sizes strides(axes.size(), 0);
    shape[place] = one.elements();
    strides[place] = one.rank() == 0 ? 0 : one.stride(0);
    grids[order[place]] = Value(expand(one.view_as(shape, strides, one.offset()), sizes));
  }
  c.give(Value::list(std::move(grids)));
}

}  // namespace

void add_view_lists(Table& t) {
  t.add("aten::split", {{"split.Tensor(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]", split},
                        {"split.sizes(Tensor(a) self, int[] split_size, int dim=0) -> Tensor(a)[]", split_sizes}});
  t.add("aten::unsafe_split", {{"unsafe_split.Tensor(Tensor self, int split_size, int dim=0) -> Tensor[]", split}});
  for (const char* name : {"aten::split_with_sizes", "aten::unsafe_split_with_sizes"}) {
    t.add(name, {{"split_with_sizes(Tensor(a) self, int[] split_sizes, int dim=0) -> Tensor(a)[]", split_sizes}});
  }
  t.add("aten::hsplit", {{"hsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]", hsplit},
                         {"hsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]", hsplit}});
  t.add("aten::vsplit", {{"vsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]", vsplit},
                         {"vsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]", vsplit}});
  t.add("aten::dsplit", {{"dsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]", dsplit},
                         {"dsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]", dsplit}});
  for (const char* name : {"aten::chunk", "aten::unsafe_chunk"}) {
    t.add(name, {{"chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]", chunk}});
  }
  t.add("prim::ConstantChunk", {{"chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]", chunk}});
  t.add("aten::tensor_split",
        {{"tensor_split.sections(Tensor(a) self, int sections, int dim=0) -> Tensor(a)[]", tensor_split},
         {"tensor_split.indices(Tensor(a) self, int[] indices, int dim=0) -> Tensor(a)[]", tensor_split_before}});
  t.add("aten::broadcast_tensors", {{"broadcast_tensors(Tensor[] tensors) -> Tensor[]", broadcast_tensors}});
  t.add("aten::unbind", {{"unbind.int(Tensor(a) self, int dim=0) -> Tensor(a)[]", unbind}});
  t.add("aten::meshgrid", {{"meshgrid(Tensor[] tensors) -> Tensor[]", meshgrid},
                           {"meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]", meshgrid}});
}

}  // namespace bertrt::graph
