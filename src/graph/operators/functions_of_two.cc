#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

void xlogy(Call& c) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(binary(c, a, b, floating(promote({&a, &b})),
                Either{[](std::int64_t p, std::int64_t) { return p; },
                       [](auto p, auto q) {
                         if (q != q) return q;
                         return p == 0 ? p * 0 : p * std::log(q);
                       }}));
}

/// f(T, T) -> T of float or double by element.
template <typename F>
void floating_binary(Call& c, F f) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(binary(c, a, b, floating(promote({&a, &b})), Either{[](std::int64_t p, std::int64_t) { return p; }, f}));
}

/// The same where whole numbers alone are refused.
template <typename F>
void real_binary(Call& c, F f) {
  const ElementType type = promote({&c.tensor(0), &c.tensor(1)});
  if (!is_floating(type)) c.fail("a floating tensor among the two", std::string(archive::to_string(type)));
  floating_binary(c, f);
}
void logaddexp(Call& c) {
  real_binary(c, [](auto a, auto b) {
    if (a == b && std::isinf(a)) return a;
    return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
  });
}
void hypot(Call& c) {
  real_binary(c, [](auto a, auto b) { return std::hypot(a, b); });
}
void copysign(Call& c) {
  floating_binary(c, [](auto a, auto b) { return std::copysign(a, b); });
}

/// The greater (lesser) one, or the one that is a number.
template <bool greatest>
void number_of_two(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  const ElementType type = promote({&a, &b});
  if (type == ElementType::boolean) c.refuse("numbers", "booleans");
  c.give(binary(c, a, b, type,
                Either{[](std::int64_t p, std::int64_t q) { return greatest ? std::max(p, q) : std::min(p, q); },
                       [](auto p, auto q) { return greatest ? std::fmax(p, q) : std::fmin(p, q); }}));
}

void logaddexp2(Call& c) {
  real_binary(c, [](auto a, auto b) {
    if (a == b && std::isinf(a)) return a;
    using T = decltype(a);
    return std::max(a, b) + static_cast<T>(std::log2(1 + std::exp2(-std::fabs(a - b))));
  });
}
/// a * 2^b
void ldexp(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor two = wrap(Value(2.0));
  const Tensor factor =
      binary(c, two, c.tensor(1), floating(promote({&two, &c.tensor(1)})),
             Either{[](std::int64_t p, std::int64_t) { return p; }, [](auto p, auto q) { return std::pow(p, q); }});
  c.give(binary(
      c, a, factor, promote({&a, &factor}),
      Either{[](std::int64_t p, std::int64_t q) { return wrapping_mul(p, q); }, [](auto p, auto q) { return p * q; }}));
}
/// In float64, whatever the operands are.
void float_power(Call& c) {
  c.give(binary(c, c.operand(0), c.operand(1), ElementType::float64,
                Either{[](std::int64_t p, std::int64_t) { return p; }, [](auto p, auto q) { return std::pow(p, q); }}));
}
void heaviside(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& values = c.tensor(1);
  if (a.type() != values.type()) c.fail("two tensors of one type", std::string(archive::to_string(values.type())));
  c.give(binary(c, a, values, a.type(), [](auto x, auto value) {
    using T = decltype(x);
    return x == 0 ? value : static_cast<T>(x > 0);
  }));
}

}  // namespace

void add_functions_of_two(Table& t) {
  t.pointwise("aten::xlogy", {{"xlogy.Tensor(Tensor self, Tensor other) -> Tensor", xlogy},
                              {"xlogy.Scalar_Other(Tensor self, Scalar other) -> Tensor", xlogy}});
  t.add("aten::logaddexp", {{"logaddexp(Tensor self, Tensor other) -> Tensor", logaddexp}}, Mixing::row_wise);
  t.pointwise("aten::hypot", {{"hypot(Tensor self, Tensor other) -> Tensor", hypot}});
  t.pointwise("aten::copysign", {{"copysign.Tensor(Tensor self, Tensor other) -> Tensor", copysign},
                                 {"copysign.Scalar(Tensor self, Scalar other) -> Tensor", copysign}});
  t.add("aten::fmax", {{"fmax(Tensor self, Tensor other) -> Tensor", number_of_two<true>}}, Mixing::row_wise);
  t.add("aten::fmin", {{"fmin(Tensor self, Tensor other) -> Tensor", number_of_two<false>}}, Mixing::row_wise);
  t.add("aten::logaddexp2", {{"logaddexp2(Tensor self, Tensor other) -> Tensor", logaddexp2}}, Mixing::row_wise);
  t.add("aten::ldexp", {{"ldexp.Tensor(Tensor self, Tensor other) -> Tensor", ldexp}}, Mixing::row_wise);
  t.add("aten::float_power",
        {{"float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", float_power},
         {"float_power.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", float_power},
         {"float_power.Scalar(Scalar self, Tensor exponent) -> Tensor", float_power}},
        Mixing::row_wise);
  t.pointwise("aten::heaviside", {{"heaviside(Tensor self, Tensor values) -> Tensor", heaviside}});
}

}  // namespace bertrt::graph
