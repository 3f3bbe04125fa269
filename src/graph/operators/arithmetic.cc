#include "graph/operators/arithmetic.h"

#include <cmath>

#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

bool is_one(const Value& number) { return to_real(number) == 1; }

void check_alpha(const Call& call, ElementType type, const Value& alpha) {
  if (alpha.real() && !is_floating(type)) call.fail("a whole alpha for whole numbers", describe(alpha));
}

template <typename T>
T floor_real(T a, T b) {
  if (b == 0) return a / b;
  const T rest = std::fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T{0}, a / b);
  T whole = std::floor(quotient);
  if (quotient - whole > T{0.5}) whole += 1;
  return whole;
}

template <typename T>
T remainder_real(T a, T b) {
  const T rest = std::fmod(a, b);
  return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}

std::int64_t checked_quotient(const Call& call, std::int64_t a, std::int64_t b) {
  if (b == 0) call.fail("a divisor that is not 0", "0");
  if (b == -1) return wrapping_sub(0, a);
  return a / b;
}

std::int64_t floor_whole(const Call& call, std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = checked_quotient(call, a, b);
  return b != -1 && a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::int64_t remainder_whole(const Call& call, std::int64_t a, std::int64_t b) {
  if (b == 0) call.fail("a divisor that is not 0", "0");
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Rounding rounding_of(const Call& call, std::size_t i) {
  if (!call.has(i)) return Rounding::none;
  if (call.text(i) == "trunc") return Rounding::trunc;
  if (call.text(i) == "floor") return Rounding::floor;
  call.fail("rounding_mode trunc or floor", call.text(i));
}

// Dividing the smallest number by -1 has no result in its own type; every type narrower than int64 wraps.
void check_overflow(Call& call, const Tensor& a, const Tensor& b) {
  if (a.type() != ElementType::int64 || b.type() != ElementType::int64 || !all_known(a, b)) return;
  const Tensor probe = make_like(call, ElementType::boolean, broadcast(a.sizes(), b.sizes()), {&a, &b});
  if (!probe.known()) return;
  map_values<std::uint8_t, std::int64_t>(probe, a, b, [&](std::int64_t p, std::int64_t q) -> std::uint8_t {
    if (p == std::numeric_limits<std::int64_t>::min() && q == -1) call.fail("a quotient within 64 bits", "-2^63 / -1");
    return 0;
  });
}

Tensor remainder_of(Call& call, const Tensor& a, const Tensor& b) {
  return binary(call, a, b, promote({&a, &b}),
                Either{[&](std::int64_t p, std::int64_t q) { return remainder_whole(call, p, q); },
                       [](auto p, auto q) { return remainder_real(p, q); }});
}

Tensor fmod_of(Call& call, const Tensor& a, const Tensor& b) {
  return binary(call, a, b, promote({&a, &b}),
                Either{[&](std::int64_t p, std::int64_t q) {
                         if (q == 0) call.fail("a divisor that is not 0", "0");
                         return q == -1 ? 0 : p % q;
                       },
                       [](auto p, auto q) { return std::fmod(p, q); }});
}

template <typename T>
T larger(T a, T b) {
  if (a != a) return a;
  return a < b || b != b ? b : a;
}
template <typename T>
T smaller(T a, T b) {
  if (a != a) return a;
  return b < a || b != b ? b : a;
}

std::int64_t power_whole(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  std::int64_t result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = wrapping_mul(result, base);
    base = wrapping_mul(base, base);
  }
  return result;
}

Tensor power_of(Call& call, const Tensor& a, const Tensor& b) {
  return binary(call, a, b, promote({&a, &b}), Either{power_whole, [](auto p, auto q) { return std::pow(p, q); }});
}

void add(Call& c) { c.give(sum_of(c, c.operand(0), c.operand(1), c.argument(2))); }
void sub(Call& c) { c.give(difference_of(c, c.operand(0), c.operand(1), c.argument(2))); }
void rsub(Call& c) { c.give(difference_of(c, c.operand(1), c.operand(0), c.argument(2))); }
void mul(Call& c) { c.give(product_of(c, c.operand(0), c.operand(1))); }
void div(Call& c) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  // Before version 4 the quotient of integers was one.
  const bool whole = c.version() < 4 && !is_floating(promote({&a, &b}));
  c.give(quotient_of(c, a, b, whole ? Rounding::trunc : Rounding::none));
}
void div_mode(Call& c) { c.give(quotient_of(c, c.operand(0), c.operand(1), rounding_of(c, 2))); }
void true_divide(Call& c) { c.give(quotient_of(c, c.operand(0), c.operand(1), Rounding::none)); }
void floor_divide(Call& c) { c.give(quotient_of(c, c.operand(0), c.operand(1), Rounding::floor)); }
void remainder(Call& c) { c.give(remainder_of(c, c.operand(0), c.operand(1))); }
void fmod(Call& c) { c.give(fmod_of(c, c.operand(0), c.operand(1))); }
void maximum(Call& c) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(binary(c, a, b, promote({&a, &b}), [](auto p, auto q) { return larger(p, q); }));
}
void minimum(Call& c) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(binary(c, a, b, promote({&a, &b}), [](auto p, auto q) { return smaller(p, q); }));
}
void power(Call& c) {
  const Value& exponent = c.argument(1);
  const Tensor base = c.operand(0);
  if (exponent.integer() && *exponent.integer() < 0 && !is_floating(base.type())) {
    c.fail("an exponent that is not negative for whole numbers", describe(exponent));
  }
  const Tensor b = c.operand(1);
  // A root of a number below 0 is none, be it an infinite one.
  const double power_of_number = exponent.real() ? c.real(1) : 0;
  if (std::fabs(power_of_number) == 0.5) {
    return c.give(floating_unary(c, cast(c, base, floating(promote({&base}))),
                                 [=](auto x) { return power_of_number > 0 ? std::sqrt(x) : 1 / std::sqrt(x); }));
  }
  if (base.type() == ElementType::boolean && b.type() == ElementType::boolean && b.rank() != 0) {
    c.refuse("numbers", "powers of booleans");
  }
  c.give(power_of(c, base, b));
}
void atan2(Call& c) {
  const Tensor a = c.operand(0);
  const Tensor b = c.operand(1);
  c.give(
      binary(c, a, b, floating(promote({&a, &b})),
             Either{[](std::int64_t p, std::int64_t) { return p; }, [](auto p, auto q) { return std::atan2(p, q); }}));
}

void addcmul(Call& c) {
  const Tensor product = product_of(c, c.tensor(1), c.tensor(2));
  c.give(sum_of(c, c.tensor(0), product, c.argument(3)));
}
void addcdiv(Call& c) {
  const Tensor quotient = quotient_of(c, c.tensor(1), c.tensor(2), Rounding::none);
  c.give(sum_of(c, c.tensor(0), quotient, c.argument(3)));
}
void lerp(Call& c) {
  const Tensor start = c.tensor(0);
  const Tensor end = c.tensor(1);
  if (start.type() != end.type() || !is_floating(start.type())) c.fail("two tensors of one floating type", "others");
  const Tensor way = difference_of(c, end, start, Value(std::int64_t{1}));
  const Tensor part = product_of(c, way, c.operand(2));
  c.give(sum_of(c, start, part, Value(std::int64_t{1})));
}

}  // namespace

Tensor sum_of(Call& call, const Tensor& a, const Tensor& b, const Value& alpha) {
  const ElementType type = promote({&a, &b});
  check_alpha(call, type, alpha);
  if (type == ElementType::boolean) {
    const std::int64_t times = to_integer(alpha);
    return binary(call, a, b, type, [=](auto p, auto q) { return p + q * static_cast<decltype(q)>(times); });
  }
  if (is_one(alpha)) return binary(call, a, b, type, Either{wrapping_add, [](auto p, auto q) { return p + q; }});
  const double real = to_real(alpha);
  const std::int64_t whole = is_floating(type) ? 0 : to_integer(alpha);
  return binary(call, a, b, type,
                Either{[=](std::int64_t p, std::int64_t q) { return wrapping_add(p, wrapping_mul(q, whole)); },
                       [=](auto p, auto q) { return p + q * static_cast<decltype(q)>(real); }});
}

Tensor difference_of(Call& call, const Tensor& a, const Tensor& b, const Value& alpha) {
  const ElementType type = promote({&a, &b});
  if (a.type() == ElementType::boolean || (b.type() == ElementType::boolean && !b.wrapped_number)) {
    call.fail("numbers to subtract", "booleans");
  }
  check_alpha(call, type, alpha);
  const double real = to_real(alpha);
  const std::int64_t whole = is_floating(type) ? 0 : to_integer(alpha);
  return binary(call, a, b, type,
                Either{[=](std::int64_t p, std::int64_t q) { return wrapping_sub(p, wrapping_mul(q, whole)); },
                       [=](auto p, auto q) { return p - q * static_cast<decltype(q)>(real); }});
}

Tensor product_of(Call& call, const Tensor& a, const Tensor& b) {
  return binary(call, a, b, promote({&a, &b}), Either{wrapping_mul, [](auto p, auto q) { return p * q; }});
}

Tensor quotient_of(Call& call, const Tensor& a, const Tensor& b, Rounding rounding) {
  ElementType type = promote({&a, &b});
  if (rounding == Rounding::none) type = floating(type);
  if (!is_floating(type)) check_overflow(call, a, b);
  if (rounding == Rounding::trunc && type == ElementType::boolean) {
    call.fail("numbers", "a quotient of booleans, cut to a whole number");
  }
  switch (rounding) {
    case Rounding::none:
      return binary(call, a, b, type,
                    Either{[](std::int64_t p, std::int64_t) { return p; }, [](auto p, auto q) { return p / q; }});
    case Rounding::trunc:
      return binary(call, a, b, type,
                    Either{[&](std::int64_t p, std::int64_t q) { return checked_quotient(call, p, q); },
                           [](auto p, auto q) { return std::trunc(p / q); }});
    case Rounding::floor: break;
  }
  return binary(call, a, b, type,
                Either{[&](std::int64_t p, std::int64_t q) { return floor_whole(call, p, q); },
                       [](auto p, auto q) { return floor_real(p, q); }});
}

void add_arithmetic(Table& t) {
  t.pointwise("aten::add", {{"add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", add},
                            {"add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", add}});
  t.pointwise("aten::sub", {{"sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", sub},
                            {"sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", sub}});
  t.pointwise("aten::subtract", {{"subtract.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", sub},
                                 {"subtract.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", sub}});
  t.add("aten::rsub",
        {{"rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", rsub},
         {"rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", rsub}},
        Mixing::row_wise);
  t.pointwise("aten::mul", {{"mul.Tensor(Tensor self, Tensor other) -> Tensor", mul},
                            {"mul.Scalar(Tensor self, Scalar other) -> Tensor", mul}});
  t.pointwise("aten::div", {{"div.Tensor(Tensor self, Tensor other) -> Tensor", div},
                            {"div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor", div_mode},
                            {"div.Scalar(Tensor self, Scalar other) -> Tensor", div},
                            {"div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor", div_mode}});
  t.pointwise("aten::true_divide", {{"true_divide.Tensor(Tensor self, Tensor other) -> Tensor", true_divide},
                                    {"true_divide.Scalar(Tensor self, Scalar other) -> Tensor", true_divide}});
  t.pointwise("aten::floor_divide", {{"floor_divide(Tensor self, Tensor other) -> Tensor", floor_divide},
                                     {"floor_divide.Scalar(Tensor self, Scalar other) -> Tensor", floor_divide}});
  t.pointwise("aten::remainder", {{"remainder.Tensor(Tensor self, Tensor other) -> Tensor", remainder},
                                  {"remainder.Scalar(Tensor self, Scalar other) -> Tensor", remainder},
                                  {"remainder.Scalar_Tensor(Scalar self, Tensor other) -> Tensor", remainder}});
  t.pointwise("aten::fmod", {{"fmod.Tensor(Tensor self, Tensor other) -> Tensor", fmod},
                             {"fmod.Scalar(Tensor self, Scalar other) -> Tensor", fmod}});
  t.add("aten::maximum", {{"maximum(Tensor self, Tensor other) -> Tensor", maximum}}, Mixing::row_wise);
  t.add("aten::minimum", {{"minimum(Tensor self, Tensor other) -> Tensor", minimum}}, Mixing::row_wise);
  t.add("aten::max", {{"max.other(Tensor self, Tensor other) -> Tensor", maximum}});
  t.add("aten::min", {{"min.other(Tensor self, Tensor other) -> Tensor", minimum}});
  t.pointwise("aten::pow", {{"pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", power},
                            {"pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", power},
                            {"pow.Scalar(Scalar self, Tensor exponent) -> Tensor", power}});
  t.pointwise("aten::atan2", {{"atan2(Tensor self, Tensor other) -> Tensor", atan2}});
  t.pointwise("aten::addcmul",
              {{"addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", addcmul}});
  t.pointwise("aten::addcdiv",
              {{"addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", addcdiv}});
  t.pointwise("aten::lerp", {{"lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor", lerp},
                             {"lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor", lerp}});
}

}  // namespace bertrt::graph
