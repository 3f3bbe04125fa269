#include <algorithm>

#include "graph/operators/common.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

void contiguous_op(Call& c) { c.give(contiguous(c, c.tensor(0))); }

Tensor cloned(Call& c, const Tensor& a, std::int64_t format) {
  // 0: row-major; 1, none: as it lies
  if (format != 0 && format != 1) c.refuse("row-major or preserved memory", "memory format " + std::to_string(format));
  if (format == 0) return copied(c, a);
  Tensor out = empty_like(c, a.type(), a);
  if (all_known(out, a)) copy_values(out, a);
  return out;
}
void clone(Call& c) { c.give(cloned(c, c.tensor(0), c.integer_or(1, 1))); }

Tensor to_type(Call& c, const Tensor& a, ElementType type, bool copy) {
  if (type == a.type()) return copy ? cloned(c, a, 1) : a;
  return cast(c, a, type);
}
void to_dtype(Call& c) { c.give(to_type(c, c.tensor(0), c.type(1, c.tensor(0).type()), c.flag(3))); }
void to_device(Call& c) { c.give(to_type(c, c.tensor(0), c.type(2, c.tensor(0).type()), c.flag(4))); }
void to_layout(Call& c) {
  if (c.has(2) && c.integer(2) != 0) c.refuse("a strided layout", "layout " + std::to_string(c.integer(2)));
  c.give(to_type(c, c.tensor(0), c.type(1, c.tensor(0).type()), c.flag(6)));
}
void to_other(Call& c) {
  const ElementType type = c.tensor(1).type();
  const bool copy = c.flag(3);
  c.depends_on({0});
  c.give(to_type(c, c.tensor(0), type, copy));
}
void to_prim_device(Call& c) { c.give(to_type(c, c.tensor(0), c.type(2, c.tensor(0).type()), c.flag(4))); }
void to_prim_dtype(Call& c) { c.give(to_type(c, c.tensor(0), c.type(1, c.tensor(0).type()), c.flag(3))); }
void to_prim_nothing(Call& c) { c.give(to_type(c, c.tensor(0), c.tensor(0).type(), c.flag(2))); }
void type_as(Call& c) {
  const ElementType type = c.tensor(1).type();
  c.depends_on({0});
  c.give(cast(c, c.tensor(0), type));
}
template <ElementType type>
void as_type(Call& c) {
  c.give(cast(c, c.tensor(0), type));
}

void copy(Call& c) {
  const Tensor& self = c.tensor(0);
  const Tensor& source = c.tensor(1);
  c.depends_on({1});
  Tensor out = c.make(self.type(), self.sizes());
  expanded_strides(source, self.sizes());  // fits?
  if (all_known(out, source)) copy_values(out, source);
  c.give(out);
}

void cat(Call& c) {
  const std::vector<Tensor> all = c.tensors(0);
  c.give(joined(c, all, c.integer(1), common_type(c, all)));
}
Tensor tiled(Call& c, Tensor a, const Sizes& times) {
  while (a.rank() < static_cast<std::int64_t>(times.size())) a = unsqueezed(a, 0);
  Sizes sizes = a.sizes();
  // Each axis once more in front of itself, repeated by the stride 0.
  Sizes blocks;
  Sizes strides;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (times[i] < 0) c.fail("repeats that are not negative", to_string(times));
    blocks.push_back(times[i]);
    blocks.push_back(sizes[i]);
    strides.push_back(0);
    strides.push_back(a.strides()[i]);
    if (__builtin_mul_overflow(sizes[i], times[i], &sizes[i])) c.fail("sizes within 64 bits", to_string(times));
  }
  Tensor out = c.make(a.type(), sizes);
  if (all_known(out, a) && out.elements() != 0) {
    // Twice as many axes as a tensor may have are no tensor, so the walk is done on the bare strides.
    const Sizes rows = contiguous_strides(blocks);
    with_item(a.type(), [&]<typename T>() {
      T* to = out.mutable_data<T>();
      const T* from = a.data<T>();
      Sizes places(blocks.size());
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        places[2 * i + 1] = out.strides()[i];
        places[2 * i] = out.strides()[i] * a.sizes()[i];
      }
      walk<2>(blocks, {&places, &strides}, [&](std::int64_t n, const auto& at, const auto& step) {
        for (std::int64_t i = 0; i < n; ++i) to[at[0] + i * step[0]] = from[at[1] + i * step[1]];
      });
    });
  }
  return out;
}
void repeat(Call& c) {
  const Sizes times = c.integers(1);
  if (times.size() < c.tensor(0).sizes().size()) c.fail("a repeat for each axis", to_string(times));
  c.give(tiled(c, c.tensor(0), times));
}
void tile(Call& c) {
  Sizes times = c.integers(1);
  while (times.size() < c.tensor(0).sizes().size()) times.insert(times.begin(), 1);
  c.give(tiled(c, c.tensor(0), times));
}

void flip_axes(Call& c, const Sizes& axes) {
  const Tensor& a = c.tensor(0);
  Tensor out = empty_like(c, a.type(), a);
  if (!all_known(out, a) || out.elements() == 0) return c.give(out);
  Sizes strides = out.strides();
  std::int64_t start = 0;
  for (const std::int64_t axis : axes) {
    if (a.rank() == 0) continue;
    auto& stride = strides[static_cast<std::size_t>(axis)];
    start += stride * (a.size(axis) - 1);
    stride = -stride;
  }
  with_item(a.type(), [&]<typename T>() {
    T* to = out.mutable_data<T>() + start;
    const T* from = a.data<T>();
    walk<2>(a.sizes(), {&strides, &a.strides()}, [&](std::int64_t n, const auto& at, const auto& step) {
      for (std::int64_t i = 0; i < n; ++i) to[at[0] + i * step[0]] = from[at[1] + i * step[1]];
    });
  });
  c.give(out);
}
void flip(Call& c) { flip_axes(c, c.wrap_axes(c.integers(1), c.tensor(0).rank())); }
void flip_columns(Call& c) {
  if (c.tensor(0).rank() < 2) c.fail("a tensor of at least two axes", to_string(c.tensor(0).sizes()));
  flip_axes(c, {1});
}
void flip_rows(Call& c) {
  if (c.tensor(0).rank() < 1) c.fail("a tensor with axes", "one without");
  flip_axes(c, {0});
}

void roll(Call& c) {
  const Sizes shifts = c.integers(1);
  const Sizes axes = c.integers(2);
  Tensor a = c.tensor(0);
  const Sizes sizes = a.sizes();
  if (shifts.empty() || (axes.empty() ? shifts.size() != 1 : shifts.size() != axes.size())) {
    c.fail("a shift for each axis", to_string(shifts));
  }
  if (axes.empty()) a = reshaped(c, a, {a.elements()});
  for (std::size_t i = 0; i < shifts.size() && a.elements() != 0 && a.rank() != 0; ++i) {
    const std::int64_t axis = axes.empty() ? 0 : c.wrap_axis(axes[i], a.rank());
    const std::int64_t size = a.size(axis);
    const std::int64_t by = (shifts[i] % size + size) % size;
    Tensor out = c.make(a.type(), a.sizes());
    if (all_known(out, a)) {
      copy_values(narrowed(out, axis, by, size - by), narrowed(a, axis, 0, size - by));
      copy_values(narrowed(out, axis, 0, by), narrowed(a, axis, size - by, by));
    }
    a = out;
  }
  c.give(reshaped(c, a, sizes));
}

void repeat_interleave(Call& c) {
  Tensor a = c.tensor(0);
  std::int64_t axis = 0;
  if (c.has(2)) {
    axis = c.axis(2, a.rank());
  } else {
    a = reshaped(c, a, {a.elements()});
  }
  if (a.rank() == 0) a = reshaped(c, a, {1});
  Sizes counts;
  if (c.argument(1).integer()) {
    if (c.integer(1) < 0) c.fail("repeats that are not negative", std::to_string(c.integer(1)));
    Sizes sizes = a.sizes();
    const Tensor inner = unsqueezed(a, axis + 1);
    sizes.insert(sizes.begin() + axis + 1, c.integer(1));
    const Tensor wide = expand(inner, sizes);
    Sizes result = a.sizes();
    auto& length = result[static_cast<std::size_t>(axis)];
    if (__builtin_mul_overflow(length, c.integer(1), &length)) c.fail("sizes within 64 bits", std::to_string(length));
    const Tensor all = copied(c, wide);
    return c.give(all.view_as(result, contiguous_strides(result), 0));
  }
  const Tensor& repeats = c.tensor(1);
  if (repeats.rank() > 1 || is_floating(repeats.type())) c.fail("whole repeats of one axis", describe(c.argument(1)));
  if (!repeats.known()) c.refuse("repeats that are known", "weights");
  if (repeats.varies()) c.run().varying_sizes = true;
  counts = c.values_of(repeats);
  if (counts.size() == 1) counts.assign(static_cast<std::size_t>(a.size(axis)), counts[0]);
  if (counts.size() != static_cast<std::size_t>(a.size(axis))) c.fail("a repeat for each", to_string(repeats.sizes()));
  Sizes sizes = a.sizes();
  std::int64_t total = 0;
  for (const std::int64_t count : counts) {
    if (count < 0 || __builtin_add_overflow(total, count, &total)) c.fail("repeats", std::to_string(count));
  }
  sizes[static_cast<std::size_t>(axis)] = total;
  Tensor out = c.make(a.type(), sizes);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < counts.size() && all_known(out, a); ++i) {
    if (counts[i] != 0) {
      copy_values(narrowed(out, axis, start, counts[i]), narrowed(a, axis, static_cast<std::int64_t>(i), 1));
    }
    start += counts[i];
  }
  c.give(out);
}

}  // namespace

void add_copies(Table& t) {
  t.add("aten::contiguous",
        {{"contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)", contiguous_op}});
  t.add("aten::clone", {{"clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor", clone}},
        Mixing::row_wise);
  t.add("aten::to",
        {{"to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? "
          "memory_format=None) -> Tensor(a)",
          to_dtype},
         {"to.device(Tensor(a) self, Device device, ScalarType dtype, bool non_blocking=False, bool copy=False, "
          "MemoryFormat? memory_format=None) -> Tensor(a)",
          to_device},
         {"to.dtype_layout(Tensor(a) self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? "
          "pin_memory=None, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)",
          [](Call& c) {
            if (c.has(2) && c.integer(2) != 0) c.refuse("a strided layout", "layout " + std::to_string(c.integer(2)));
            c.give(to_type(c, c.tensor(0), c.type(1, c.tensor(0).type()), c.flag(6)));
          }},
         {"to.dtype_layout_old(Tensor(a) self, ScalarType? dtype, Layout? layout, Device? device, bool? pin_memory, "
          "bool non_blocking, bool copy, MemoryFormat? memory_format) -> Tensor(a)",
          to_layout},
         {"to.other(Tensor(a) self, Tensor other, bool non_blocking=False, bool copy=False, MemoryFormat? "
          "memory_format=None) -> Tensor(a)",
          to_other},
         {"to.prim_Device(Tensor(a) self, Device? device, int? dtype=None, bool non_blocking=False, bool copy=False) "
          "-> Tensor(a)",
          to_prim_device},
         {"to.prim_dtype(Tensor(a) self, int? dtype=None, bool non_blocking=False, bool copy=False) -> Tensor(a)",
          to_prim_dtype},
         {"to.prim_other(Tensor(a) self, bool non_blocking=False, bool copy=False) -> Tensor(a)", to_prim_nothing}},
        Mixing::row_wise);
  t.add("aten::type_as", {{"type_as(Tensor self, Tensor other) -> Tensor", type_as}}, Mixing::row_wise);
  const std::vector<std::pair<const char*, void (*)(Call&)>> casts = {
      {"aten::_cast_Float", as_type<ElementType::float32>}, {"aten::_cast_Long", as_type<ElementType::int64>},
      {"aten::_cast_Int", as_type<ElementType::int32>},     {"aten::_cast_Double", as_type<ElementType::float64>},
      {"aten::_cast_Byte", as_type<ElementType::uint8>},    {"aten::_cast_Half", as_type<ElementType::float32>}};
  for (const auto& [name, run] : casts) {
    t.add(name, {{"_cast(Tensor self, bool non_blocking=False) -> Tensor", run}}, Mixing::row_wise);
  }
  t.add("aten::copy", {{"copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor", copy}}, Mixing::row_wise,
        Table::Form::also_in_place);
  for (const char* name : {"aten::cat", "aten::concat", "aten::concatenate"}) {
    t.add(name, {{"cat(Tensor[] tensors, int dim=0) -> Tensor", cat}});
  }
  t.add("aten::repeat", {{"repeat(Tensor self, int[] repeats) -> Tensor", repeat}});
  t.add("aten::tile", {{"tile(Tensor self, int[] dims) -> Tensor", tile}});
  t.add("aten::flip", {{"flip(Tensor self, int[] dims) -> Tensor", flip}});
  t.add("aten::fliplr", {{"fliplr(Tensor self) -> Tensor", flip_columns}});
  t.add("aten::flipud", {{"flipud(Tensor self) -> Tensor", flip_rows}});
  t.add("aten::roll", {{"roll(Tensor self, int[1] shifts, int[1] dims=[]) -> Tensor", roll}});
  t.add(
      "aten::repeat_interleave",
      {{"repeat_interleave.self_int(Tensor self, int repeats, int? dim=None, *, int? output_size=None) -> Tensor",
        repeat_interleave},
       {"repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, int? output_size=None) -> Tensor",
        repeat_interleave}});
}

}  // namespace bertrt::graph
