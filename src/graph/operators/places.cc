#include <algorithm>

#include "graph/operators/indexing.h"
#include "graph/operators/table.h"

namespace bertrt::graph {

Tensor places_of(Call& c, const Tensor& a) {
  if (!a.known()) c.refuse("values that are known", "a size that depends on weights: not graphable");
  c.reads_values();
  const Tensor flags = cast(c, a, ElementType::boolean);
  if (!flags.known()) c.refuse("values that are known", "too many of them for shapes alone");
  const Sizes values = c.values_of(flags);
  const std::int64_t count = std::count_if(values.begin(), values.end(), [](std::int64_t v) { return v != 0; });
  // One axis after the other, as ATen lays them.
  const Tensor out = c.make(ElementType::int64, {a.rank(), count});
  if (!out.known()) c.refuse("values that are known", "too many of them for shapes alone");
  std::int64_t* to = out.mutable_data<std::int64_t>();
  const Sizes strides = contiguous_strides(a.sizes());
  std::int64_t next = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    const std::int64_t place = next++;
    for (std::int64_t axis = 0; axis < a.rank(); ++axis) {
      to[axis * count + place] = static_cast<std::int64_t>(i) / strides[static_cast<std::size_t>(axis)] % a.size(axis);
    }
  }
  return transposed(out, 0, 1);
}

namespace {

void nonzero(Call& c) {
  const Tensor rows = places_of(c, c.tensor(0));
  c.give(rows);
}
Value columns(const Tensor& rows) {
  std::vector<Value> all;
  for (std::int64_t i = 0; i < rows.size(1); ++i) all.emplace_back(selected(rows, 1, i));
  return Value::list(std::move(all));
}
void nonzero_numpy(Call& c) {
  const Tensor a = c.tensor(0).rank() == 0 ? reshaped(c, c.tensor(0), {1}) : c.tensor(0);
  c.give(columns(places_of(c, a)));
}

void masked_select(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& mask = c.tensor(1);
  if (mask.type() != ElementType::boolean) c.fail("a bool mask", std::string(archive::to_string(mask.type())));
  const Sizes sizes = broadcast(a.sizes(), mask.sizes());
  const Tensor chosen = expand(mask, sizes);
  const Tensor values = expand(a, sizes);
  c.depends_on({1});
  const Tensor places = places_of(c, sizes.empty() ? chosen.view_as({1}, {1}, chosen.offset()) : chosen);
  c.depends_on({0, 1});
  Tensor out = c.make(a.type(), {places.size(0)});
  if (all_known(out, values)) {
    const Sizes flags = c.values_of(chosen);
    const Tensor flat = copied(c, values);
    with_item(a.type(), [&]<typename T>() {
      std::int64_t next = 0;
      for (std::size_t i = 0; i < flags.size(); ++i) {
        if (flags[i] != 0) out.mutable_data<T>()[next++] = flat.data<T>()[i];
      }
    });
  }
  c.give(out);
}

}  // namespace

void add_places(Table& t) {
  t.add("aten::nonzero", {{"nonzero(Tensor self) -> Tensor", nonzero}});
  t.add("aten::argwhere", {{"argwhere(Tensor self) -> Tensor", nonzero}});
  t.add("aten::nonzero_numpy", {{"nonzero_numpy(Tensor self) -> Tensor[]", nonzero_numpy}});
  t.add("aten::where", {{"where(Tensor condition) -> Tensor[]", nonzero_numpy}});
  t.add("aten::masked_select", {{"masked_select(Tensor self, Tensor mask) -> Tensor", masked_select}});
}

}  // namespace bertrt::graph
