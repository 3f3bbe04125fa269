#include <cmath>
#include <optional>

#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// condition ? a : b, all of one shape; a and b of one type.
Tensor choose(Call& c, const Tensor& condition, const Tensor& a, const Tensor& b, const Sizes& sizes) {
  Tensor out = make_like(c, a.type(), sizes, {&condition, &a, &b});
  if (!all_known(out, condition, a, b)) return out;
  const Sizes conditions = expanded_strides(condition, sizes);
  const Sizes as = expanded_strides(a, sizes);
  const Sizes bs = expanded_strides(b, sizes);
  with_item(a.type(), [&]<typename T>() {
    T* o = out.mutable_data<T>();
    const std::uint8_t* w = condition.data<std::uint8_t>();
    const T* x = a.data<T>();
    const T* y = b.data<T>();
    walk<4>(sizes, {&out.strides(), &conditions, &as, &bs}, [&](std::int64_t n, const auto& at, const auto& step) {
      for (std::int64_t i = 0; i < n; ++i) {
        o[at[0] + i * step[0]] = w[at[1] + i * step[1]] != 0 ? x[at[2] + i * step[2]] : y[at[3] + i * step[3]];
      }
    });
  });
  return out;
}

void where(Call& c) {
  const Tensor& condition = c.tensor(0);
  if (condition.type() != ElementType::boolean && condition.type() != ElementType::uint8) {
    c.fail("a bool condition", std::string(archive::to_string(condition.type())));
  }
  const Tensor a = c.operand(1);
  const Tensor b = c.operand(2);
  const ElementType type = promote({&a, &b});
  const Sizes sizes = broadcast(condition.sizes(), broadcast(a.sizes(), b.sizes()));
  c.give(choose(c, condition, cast(c, a, type), cast(c, b, type), sizes));
}

void check_fits(const Call& c, const Tensor& value, ElementType type) {
  if (type == ElementType::float32 && is_floating(value.type()) && value.known()) {
    const double number = to_real(item_of(value));
    if (std::isfinite(number) && !std::isfinite(static_cast<float>(number))) {
      c.fail("a value that float32 can hold", std::to_string(number));
    }
  }
}

void masked_fill(Call& c) {
  const Tensor& self = c.tensor(0);
  const Tensor& mask = c.tensor(1);
  if (mask.type() != ElementType::boolean) c.fail("a bool mask", std::string(archive::to_string(mask.type())));
  const Tensor value = c.operand(2);
  if (value.rank() != 0) c.fail("a value without axes", to_string(value.sizes()));
  check_fits(c, value, self.type());
  c.give(choose(c, mask, cast(c, value, self.type()), self, broadcast(self.sizes(), mask.sizes())));
}

void masked_scatter(Call& c) {
  const Tensor& self = c.tensor(0);
  const Tensor& mask = c.tensor(1);
  if (mask.type() != ElementType::boolean) c.fail("a bool mask", std::string(archive::to_string(mask.type())));
  if (self.type() != c.tensor(2).type()) c.fail("a source of the same type", describe(c.argument(2)));
  const Sizes sizes = broadcast(self.sizes(), mask.sizes());
  Tensor out = c.make(self.type(), sizes);
  const Tensor chosen = expand(mask, sizes);
  const Tensor source = contiguous(c, c.tensor(2));
  if (!all_known(out, self, chosen, source)) return c.give(out);
  copy_values(out, self);
  const std::vector<std::int64_t> flags = c.values_of(chosen);
  with_item(self.type(), [&]<typename T>() {
    T* o = out.mutable_data<T>();
    const T* from = source.data<T>();
    std::int64_t next = 0;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] == 0) continue;
      if (next >= source.elements()) c.fail("as many values as the mask has places", to_string(source.sizes()));
      o[i] = from[next++];
    }
  });
  c.give(out);
}

Tensor bounded(Call& c, const Tensor& x, const std::optional<Tensor>& low, const std::optional<Tensor>& high) {
  if (!low && !high) c.fail("a min or a max", "neither");
  // Numbers alone leave floats of one kind what they are.
  const bool wrapped = (!low || low->wrapped_number) && (!high || high->wrapped_number);
  const bool keeps = wrapped && is_floating(x.type()) && !(x.wrapped_number && c.argument(1).tensor() != nullptr);
  const ElementType type = keeps         ? x.type()
                           : low && high ? promote({&x, &*low, &*high})
                                         : promote({&x, low ? &*low : &*high});
  Tensor result = x;
  if (low) {
    result = binary(c, result, *low, type, [](auto p, auto q) { return p != p ? p : q != q ? q : p < q ? q : p; });
  }
  if (high) {
    result = binary(c, result, *high, type, [](auto p, auto q) { return p != p ? p : q != q ? q : q < p ? q : p; });
  }
  return result;
}

std::optional<Tensor> limit(const Call& c, std::size_t i) {
  return c.has(i) ? std::optional<Tensor>(c.operand(i)) : std::nullopt;
}

void clamp(Call& c) { c.give(bounded(c, c.tensor(0), limit(c, 1), limit(c, 2))); }
void clamp_min(Call& c) { c.give(bounded(c, c.tensor(0), limit(c, 1), std::nullopt)); }
void clamp_max(Call& c) { c.give(bounded(c, c.tensor(0), std::nullopt, limit(c, 1))); }

}  // namespace

void add_selection(Table& t) {
  t.add("aten::where",
        {{"where.self(Tensor condition, Tensor self, Tensor other) -> Tensor", where},
         {"where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor", where},
         {"where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor", where},
         {"where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor", where}},
        Mixing::row_wise);
  t.pointwise("aten::masked_fill",
              {{"masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor", masked_fill},
               {"masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor", masked_fill}});
  t.add("aten::masked_scatter", {{"masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor", masked_scatter}},
        Mixing::unknown, Table::Form::also_in_place);
  t.pointwise("aten::clamp", {{"clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor", clamp},
                              {"clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor", clamp}});
  t.pointwise("aten::clamp_min", {{"clamp_min(Tensor self, Scalar min) -> Tensor", clamp_min},
                                  {"clamp_min.Tensor(Tensor self, Tensor min) -> Tensor", clamp_min}});
  t.pointwise("aten::clamp_max", {{"clamp_max(Tensor self, Scalar max) -> Tensor", clamp_max},
                                  {"clamp_max.Tensor(Tensor self, Tensor max) -> Tensor", clamp_max}});
}

}  // namespace bertrt::graph
