#include <cmath>

#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

constexpr ElementType kFloat = ElementType::float32;

void check_layout(const Call& c, std::size_t i) {
  if (c.has(i) && c.integer(i) != 0) c.refuse("a strided layout", "layout " + std::to_string(c.integer(i)));
}
// A device is a name: every one is this one. "meta" tensors have no values, though.
void check_device(const Call& c, std::size_t i) {
  const Device* device = c.argument(i).device();
  if (device != nullptr && device->name.starts_with("meta")) c.refuse("a device with memory", "meta");
}

Tensor filled(Call& c, ElementType type, const Sizes& sizes, const Value& value) {
  Tensor out = c.make(type, sizes);
  out.storage()->varies = out.storage()->varies || value.varies;
  fill(out, value);
  return out;
}

template <int value>
void constant(Call& c) {
  check_layout(c, 2);
  check_device(c, 3);
  c.give(filled(c, c.type(1, kFloat), c.integers(0), Value(std::int64_t{value})));
}
ElementType type_of_number(const Value& number) {
  return number.boolean() ? ElementType::boolean : number.integer() ? ElementType::int64 : kFloat;
}
void full(Call& c) {
  check_layout(c, 3);
  check_device(c, 4);
  // Up to version 4 a whole number filled a tensor of floats.
  const ElementType otherwise = c.version() <= 4 ? kFloat : type_of_number(c.argument(1));
  c.give(filled(c, c.type(2, otherwise), c.integers(0), c.argument(1)));
}
template <int value>
void constant_like(Call& c) {
  check_layout(c, 2);
  check_device(c, 3);
  c.depends_on({});
  const Tensor out = empty_like(c, c.type(1, c.tensor(0).type()), c.tensor(0));
  fill(out, Value(std::int64_t{value}));
  c.give(out);
}
void full_like(Call& c) {
  check_layout(c, 3);
  check_device(c, 4);
  c.depends_on({});
  const Tensor out = empty_like(c, c.type(2, c.tensor(0).type()), c.tensor(0));
  fill(out, c.argument(1));
  c.give(out);
}
template <int value>
void new_constant(Call& c) {
  check_layout(c, 3);
  check_device(c, 4);
  c.depends_on({});
  c.give(filled(c, c.type(2, c.tensor(0).type()), c.integers(1), Value(std::int64_t{value})));
}
void new_full(Call& c) {
  check_layout(c, 4);
  check_device(c, 5);
  c.depends_on({});
  c.give(filled(c, c.type(3, c.tensor(0).type()), c.integers(1), c.argument(2)));
}
void zero(Call& c) {
  c.depends_on({});
  c.give(filled(c, c.tensor(0).type(), c.tensor(0).sizes(), Value(std::int64_t{0})));
}
void fill_op(Call& c) {
  const Tensor value = c.operand(1);
  if (value.rank() != 0) c.fail("a value without axes", to_string(value.sizes()));
  c.depends_on({1});
  Tensor out = c.make(c.tensor(0).type(), c.tensor(0).sizes());
  if (all_known(out, value)) copy_values(out, value);
  c.give(out);
}

Tensor counted(Call& c, const Value& start, const Value& end, const Value& step, std::optional<ElementType> type) {
  const bool whole = !start.real() && !end.real() && !step.real();
  const ElementType kind = type.value_or(whole ? ElementType::int64 : kFloat);
  const double distance = to_real(end) - to_real(start);
  const double by = to_real(step);
  if (!std::isfinite(distance) || !std::isfinite(by) || by == 0 || (distance > 0) != (by > 0)) {
    if (by == 0 || !std::isfinite(distance) || !std::isfinite(by) || distance != 0) {
      c.fail("a step from start towards end", describe(start) + ", " + describe(end) + ", " + describe(step));
    }
  }
  double steps = std::ceil(distance / by);
  if (kind == ElementType::int64) {
    if (to_integer(step) == 0) c.fail("a step that is not 0", "0");
    steps = static_cast<double>(range_length(to_integer(start), to_integer(end), to_integer(step)));
  }
  if (!(steps < 0x1p53)) c.fail("a number of elements that memory could hold", std::to_string(steps));
  Tensor out = c.make(kind, {static_cast<std::int64_t>(steps)});
  if (!out.known()) return out;
  with_type(kind, [&]<typename T>() {
    T* to = out.mutable_data<T>();
    if constexpr (std::is_integral_v<T>) {
      const auto first = static_cast<std::uint64_t>(to_integer(start));
      const auto each = static_cast<std::uint64_t>(to_integer(step));
      for (std::int64_t i = 0; i < out.elements(); ++i)
        to[i] = static_cast<T>(first + static_cast<std::uint64_t>(i) * each);
    } else {
      for (std::int64_t i = 0; i < out.elements(); ++i)
        to[i] = static_cast<T>(to_real(start) + by * static_cast<double>(i));
    }
  });
  return out;
}
std::optional<ElementType> wanted_type(const Call& c, std::size_t i) {
  return c.has(i) ? std::optional<ElementType>(c.type_of(c.integer(i))) : std::nullopt;
}
void arange(Call& c) {
  check_device(c, 3);
  c.give(counted(c, Value(std::int64_t{0}), c.argument(0), Value(std::int64_t{1}), wanted_type(c, 1)));
}
void arange_start(Call& c) {
  check_device(c, 4);
  c.give(counted(c, c.argument(0), c.argument(1), Value(std::int64_t{1}), wanted_type(c, 2)));
}
void arange_step(Call& c) {
  check_device(c, 5);
  c.give(counted(c, c.argument(0), c.argument(1), c.argument(2), wanted_type(c, 3)));
}
void arange_out(Call& c) {
  c.give(counted(c, Value(std::int64_t{0}), c.argument(0), Value(std::int64_t{1}), c.tensor(1).type()));
}
void arange_start_out(Call& c) { c.give(counted(c, c.argument(0), c.argument(1), c.argument(2), c.tensor(3).type())); }

void linspace(Call& c) {
  const double start = c.real(0);
  const double end = c.real(1);
  const std::int64_t steps = c.integer(2);
  const ElementType type = c.type(3, kFloat);
  check_device(c, 5);
  if (steps < 0) c.fail("steps that are not negative", std::to_string(steps));
  if (!is_floating(type)) c.refuse("floats", std::string(archive::to_string(type)));
  Tensor out = c.make(type, {steps});
  if (!out.known()) return c.give(out);
  with_wide_type(type, [&]<typename T>() {
    T* to = out.mutable_data<T>();
    const T by = steps > 1 ? static_cast<T>((end - start) / static_cast<double>(steps - 1)) : T{0};
    for (std::int64_t i = 0; i < steps; ++i) {
      to[i] = i < steps / 2 ? static_cast<T>(start) + by * static_cast<T>(i)
                            : static_cast<T>(end) - by * static_cast<T>(steps - i - 1);
    }
    if (steps == 1) to[0] = static_cast<T>(start);
  });
  c.give(out);
}

Tensor identity(Call& c, std::int64_t rows, std::int64_t columns, ElementType type) {
  if (rows < 0 || columns < 0) c.fail("sizes that are not negative", to_string({rows, columns}));
  Tensor out = c.make(type, {rows, columns});
  const std::int64_t count = std::min(rows, columns);
  if (out.known() && count > 0) {
    fill(out.view_as({count}, {columns + 1}, 0), Value(std::int64_t{1}));
  }
  return out;
}
void eye(Call& c) { c.give(identity(c, c.integer(0), c.integer(0), c.type(1, kFloat))); }
void eye_m(Call& c) { c.give(identity(c, c.integer(0), c.integer(1), c.type(2, kFloat))); }

/// torch.tensor(number or nested list of numbers)
void collect(const Call& c, const Value& value, std::size_t depth, const Sizes& sizes, std::vector<Value>& numbers) {
  if (const List* list = value.list()) {
    if (depth >= sizes.size() || sizes[depth] != static_cast<std::int64_t>(list->items.size())) {
      c.fail("lists of one length", describe(value));
    }
    for (const Value& item : list->items) collect(c, item, depth + 1, sizes, numbers);
    return;
  }
  if (depth != sizes.size()) c.fail("lists of one depth", describe(value));
  if (value.tensor()) {
    numbers.push_back(item_of(*value.tensor()));
    return;
  }
  if (!value.real() && !value.integer() && !value.boolean()) c.fail("numbers", describe(value));
  numbers.push_back(value);
}
void tensor_of(Call& c) {
  Sizes sizes;
  for (const Value* first = &c.argument(0); first->list() != nullptr; first = &first->list()->items[0]) {
    sizes.push_back(static_cast<std::int64_t>(first->list()->items.size()));
    if (sizes.back() == 0) break;
  }
  std::vector<Value> numbers;
  collect(c, c.argument(0), 0, sizes, numbers);
  c.reads_values();
  ElementType type = numbers.empty() ? kFloat : type_of_number(numbers[0]);
  for (const Value& number : numbers) type = promote_types(type, type_of_number(number));
  type = c.type(1, type);
  check_device(c, 2);
  Tensor out = c.make(type, sizes);
  if (out.known()) {
    const Tensor flat = out.view_as({out.elements()}, {1}, 0);
    for (std::size_t i = 0; i < numbers.size(); ++i) fill(selected(flat, 0, static_cast<std::int64_t>(i)), numbers[i]);
  }
  c.give(out);
}
void scalar_tensor(Call& c) {
  check_layout(c, 2);
  check_device(c, 3);
  c.give(filled(c, c.type(1, kFloat), Sizes(), c.argument(0)));
}

void one_hot(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.type() != ElementType::int64) c.fail("int64 classes", std::string(archive::to_string(a.type())));
  std::int64_t classes = c.integer(1);
  if (!a.known() && classes == -1) c.refuse("a number of classes, or values that are known", "values that are not");
  const std::vector<std::int64_t> values = a.known() ? c.values_of(a) : std::vector<std::int64_t>();
  if (classes == -1) {
    if (values.empty()) c.fail("classes", "none");
    c.reads_values();
    classes = 0;
    for (const std::int64_t value : values) {
      if (value >= 0x7fffffff) c.fail("classes below 2^31", std::to_string(value));
      classes = std::max(classes, value + 1);
    }
  }
  if (classes < 1) c.fail("a number of classes", std::to_string(classes));
  Sizes sizes = a.sizes();
  sizes.push_back(classes);
  Tensor out = c.make(ElementType::int64, sizes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] >= classes)
      c.fail("classes below " + std::to_string(classes), std::to_string(values[i]));
    if (out.known()) out.mutable_data<std::int64_t>()[static_cast<std::int64_t>(i) * classes + values[i]] = 1;
  }
  c.give(out);
}

}  // namespace

void add_creation(Table& t) {
#define BERTRT_OPTIONS "ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None"
  // Empty memory is zeroed.
  t.add("aten::zeros", {{"zeros(int[] size, *, " BERTRT_OPTIONS ") -> Tensor", constant<0>}});
  t.add("aten::ones", {{"ones(int[] size, *, " BERTRT_OPTIONS ") -> Tensor", constant<1>}});
  t.add("aten::empty",
        {{"empty.memory_format(int[] size, *, " BERTRT_OPTIONS ", MemoryFormat? memory_format=None) -> Tensor",
          constant<0>}});
  t.add("aten::full", {{"full(int[] size, Scalar fill_value, *, " BERTRT_OPTIONS ") -> Tensor", full}});
  t.add("aten::zeros_like",
        {{"zeros_like(Tensor self, *, " BERTRT_OPTIONS ", MemoryFormat? memory_format=None) -> Tensor",
          constant_like<0>}});
  t.add("aten::ones_like",
        {{"ones_like(Tensor self, *, " BERTRT_OPTIONS ", MemoryFormat? memory_format=None) -> Tensor",
          constant_like<1>}});
  t.add("aten::empty_like",
        {{"empty_like(Tensor self, *, " BERTRT_OPTIONS ", MemoryFormat? memory_format=None) -> Tensor",
          constant_like<0>}});
  t.add("aten::full_like", {{"full_like(Tensor self, Scalar fill_value, *, " BERTRT_OPTIONS
                             ", MemoryFormat? memory_format=None) -> Tensor",
                             full_like}});
  t.add("aten::new_zeros", {{"new_zeros(Tensor self, int[] size, *, " BERTRT_OPTIONS ") -> Tensor", new_constant<0>}});
  t.add("aten::new_ones", {{"new_ones(Tensor self, int[] size, *, " BERTRT_OPTIONS ") -> Tensor", new_constant<1>}});
  t.add("aten::new_empty", {{"new_empty(Tensor self, int[] size, *, " BERTRT_OPTIONS ") -> Tensor", new_constant<0>}});
  t.add("aten::new_full",
        {{"new_full(Tensor self, int[] size, Scalar fill_value, *, " BERTRT_OPTIONS ") -> Tensor", new_full}});
  t.add("aten::zero", {{"zero(Tensor self) -> Tensor", zero}}, Mixing::row_wise, Table::Form::also_in_place);
  t.add("aten::fill",
        {{"fill.Scalar(Tensor self, Scalar value) -> Tensor", fill_op},
         {"fill.Tensor(Tensor self, Tensor value) -> Tensor", fill_op}},
        Mixing::row_wise, Table::Form::also_in_place);
  t.add("aten::arange",
        {{"arange(Scalar end, *, " BERTRT_OPTIONS ") -> Tensor", arange},
         {"arange.start(Scalar start, Scalar end, *, " BERTRT_OPTIONS ") -> Tensor", arange_start},
         {"arange.start_step(Scalar start, Scalar end, Scalar step=1, *, " BERTRT_OPTIONS ") -> Tensor", arange_step},
         {"arange.out(Scalar end, *, Tensor out) -> Tensor", arange_out},
         {"arange.start_out(Scalar start, Scalar end, Scalar step=1, *, Tensor out) -> Tensor", arange_start_out}});
  t.add("aten::linspace",
        {{"linspace(Scalar start, Scalar end, int steps, *, " BERTRT_OPTIONS ") -> Tensor", linspace}});
  t.add("aten::eye", {{"eye(int n, *, " BERTRT_OPTIONS ") -> Tensor", eye},
                      {"eye.m(int n, int m, *, " BERTRT_OPTIONS ") -> Tensor", eye_m}});
  t.add("aten::tensor",
        {{"tensor(Any data, *, ScalarType? dtype=None, Device? device=None, bool requires_grad=False) -> Tensor",
          tensor_of}});
  t.add("aten::as_tensor",
        {{"as_tensor(Any data, *, ScalarType? dtype=None, Device? device=None) -> Tensor", tensor_of}});
  t.add("aten::scalar_tensor", {{"scalar_tensor(Scalar s, *, " BERTRT_OPTIONS ") -> Tensor", scalar_tensor}});
  t.add("aten::one_hot", {{"one_hot(Tensor self, int num_classes=-1) -> Tensor", one_hot}});
#undef BERTRT_OPTIONS
}

}  // namespace bertrt::graph
