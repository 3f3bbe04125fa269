#include <cmath>
#include <limits>

#include "graph/operators/common.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

// Python's numbers: what code does with sizes.
namespace bertrt::graph {
namespace {

bool both_whole(const Call& c) { return !c.argument(0).real() && !c.argument(1).real(); }

template <bool (*overflows)(std::int64_t, std::int64_t, std::int64_t*), typename Real>
void arithmetic(Call& c, Real real) {
  if (!both_whole(c)) return c.give(Value(real(c.real(0), c.real(1))));
  std::int64_t result = 0;
  if (overflows(to_integer(c.argument(0)), to_integer(c.argument(1)), &result)) {
    c.fail("a number within 64 bits", describe(c.argument(0)) + " and " + describe(c.argument(1)));
  }
  c.give(Value(result));
}
bool add_overflows(std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_add_overflow(a, b, r); }
bool sub_overflows(std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_sub_overflow(a, b, r); }
bool mul_overflows(std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_mul_overflow(a, b, r); }

void add(Call& c) {
  arithmetic<add_overflows>(c, [](double a, double b) { return a + b; });
}
void sub(Call& c) {
  arithmetic<sub_overflows>(c, [](double a, double b) { return a - b; });
}
void mul(Call& c) {
  arithmetic<mul_overflows>(c, [](double a, double b) { return a * b; });
}

void check_divisor(const Call& c) {
  if (c.real(1) == 0) c.fail("a divisor that is not 0", "0");
  if (both_whole(c) && to_integer(c.argument(1)) == -1 &&
      to_integer(c.argument(0)) == std::numeric_limits<std::int64_t>::min()) {
    c.fail("a quotient within 64 bits", "-2^63 / -1");
  }
}
Value floor_quotient(const Call& c) {
  check_divisor(c);
  if (!both_whole(c)) return Value(std::floor(c.real(0) / c.real(1)));
  const std::int64_t a = to_integer(c.argument(0));
  const std::int64_t b = to_integer(c.argument(1));
  return Value(a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0));
}
Value rest(const Call& c) {
  check_divisor(c);
  if (!both_whole(c)) {
    const double b = c.real(1);
    const double r = std::fmod(c.real(0), b);
    return Value(r != 0 && (r < 0) != (b < 0) ? r + b : r);
  }
  const std::int64_t b = to_integer(c.argument(1));
  const std::int64_t r = to_integer(c.argument(0)) % b;
  return Value(r != 0 && (r < 0) != (b < 0) ? r + b : r);
}
void floordiv(Call& c) { c.give(floor_quotient(c)); }
void remainder(Call& c) { c.give(rest(c)); }
void divmod(Call& c) { c.give(Value::tuple({floor_quotient(c), rest(c)})); }
void truediv(Call& c) {
  if (c.real(1) == 0) c.fail("a divisor that is not 0", "0");
  c.give(Value(c.real(0) / c.real(1)));
}
void power(Call& c) { c.give(Value(std::pow(c.real(0), c.real(1)))); }
void neg(Call& c) {
  if (c.argument(0).real()) return c.give(Value(-c.real(0)));
  std::int64_t result = 0;
  if (__builtin_sub_overflow(std::int64_t{0}, to_integer(c.argument(0)), &result))
    c.fail("a number within 64 bits", "2^63");
  c.give(Value(result));
}
void absolute(Call& c) {
  if (c.argument(0).real()) return c.give(Value(std::fabs(c.real(0))));
  if (to_integer(c.argument(0)) >= 0) return c.give(Value(to_integer(c.argument(0))));
  neg(c);
}

/// -1, 0, 1; 2 when there is no order (NaN).
int order(const Call& c) {
  if (both_whole(c)) {
    const std::int64_t a = to_integer(c.argument(0));
    const std::int64_t b = to_integer(c.argument(1));
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const double a = c.real(0);
  const double b = c.real(1);
  return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
}
void lt(Call& c) { c.give(Value(order(c) == -1)); }
void le(Call& c) { c.give(Value(order(c) == -1 || order(c) == 0)); }
void gt(Call& c) { c.give(Value(order(c) == 1)); }
void ge(Call& c) { c.give(Value(order(c) == 1 || order(c) == 0)); }
void eq(Call& c) { c.give(Value(order(c) == 0)); }
void ne(Call& c) { c.give(Value(order(c) != 0)); }
void eq_text(Call& c) { c.give(Value(c.text(0) == c.text(1))); }
void ne_text(Call& c) { c.give(Value(c.text(0) != c.text(1))); }
void eq_device(Call& c) { c.give(Value(c.argument(0).device()->name == c.argument(1).device()->name)); }

bool truth(const Value& value) {
  if (value.tensor()) return to_real(item_of(*value.tensor())) != 0;
  return to_real(value) != 0;
}
void logical_and(Call& c) { c.give(Value(c.flag(0) && c.flag(1))); }
void logical_or(Call& c) { c.give(Value(c.flag(0) || c.flag(1))); }
void logical_not(Call& c) { c.give(Value(!c.flag(0))); }
void bitwise_and(Call& c) { c.give(Value(c.integer(0) & c.integer(1))); }
void bitwise_or(Call& c) { c.give(Value(c.integer(0) | c.integer(1))); }
void bitwise_xor(Call& c) { c.give(Value(c.integer(0) ^ c.integer(1))); }

void minimum(Call& c) { c.give(order(c) == 1 ? Value(c.argument(1)) : Value(c.argument(0))); }
void maximum(Call& c) { c.give(order(c) == -1 ? Value(c.argument(1)) : Value(c.argument(0))); }

void whole_of(Call& c, double number) { c.give(Value(to_integer(Value(number)))); }
void ceil(Call& c) { whole_of(c, std::ceil(c.real(0))); }
void floor(Call& c) { whole_of(c, std::floor(c.real(0))); }
void round(Call& c) { c.give(Value(std::nearbyint(c.real(0)))); }
void sqrt(Call& c) {
  if (c.real(0) < 0) c.fail("a number that is not negative", describe(c.argument(0)));
  c.give(Value(std::sqrt(c.real(0))));
}
void log(Call& c) {
  if (c.real(0) <= 0) c.fail("a number above 0", describe(c.argument(0)));
  c.give(Value(std::log(c.real(0))));
}

Value number_of(Call& c) {
  if (!c.argument(0).tensor()) return c.argument(0);
  c.reads_values();
  return item_of(c.tensor(0));
}
void to_int(Call& c) { c.give(Value(to_integer(number_of(c)))); }
void to_float(Call& c) { c.give(Value(to_real(number_of(c)))); }
void to_bool(Call& c) {
  number_of(c);
  c.give(Value(truth(c.argument(0))));
}
void to_number(Call& c) { c.give(number_of(c)); }
void int_implicit(Call& c) {
  if (c.tensor(0).rank() != 0) c.fail("a tensor without axes", to_string(c.tensor(0).sizes()));
  to_int(c);
}
void to_tensor(Call& c) {
  Tensor tensor = c.operand(0);
  tensor.wrapped_number = false;
  c.give(tensor);
}

}  // namespace

void add_numbers(Table& t) {
  struct Row {
    const char* name;
    void (*run)(Call&);
  };
  for (const Row& row :
       {Row{"aten::add", add}, Row{"aten::sub", sub}, Row{"aten::mul", mul}, Row{"aten::div", truediv},
        Row{"aten::truediv", truediv}, Row{"aten::floordiv", floordiv}, Row{"aten::remainder", remainder},
        Row{"aten::divmod", divmod}, Row{"aten::pow", power}, Row{"prim::min", minimum}, Row{"prim::max", maximum},
        Row{"aten::min", minimum}, Row{"aten::max", maximum}, Row{"aten::lt", lt}, Row{"aten::le", le},
        Row{"aten::gt", gt}, Row{"aten::ge", ge}, Row{"aten::eq", eq}, Row{"aten::ne", ne}}) {
    t.add(row.name, {{"number(Scalar a, Scalar b) -> Scalar", row.run}}, Mixing::row_wise);
  }
  t.add("aten::eq", {{"eq.str(str a, str b) -> bool", eq_text}, {"eq.device(Device a, Device b) -> bool", eq_device}});
  t.add("aten::ne", {{"ne.str(str a, str b) -> bool", ne_text}});
  for (const Row& row :
       {Row{"aten::neg", neg}, Row{"prim::abs", absolute}, Row{"aten::abs", absolute}, Row{"aten::ceil", ceil},
        Row{"aten::floor", floor}, Row{"aten::round", round}, Row{"aten::sqrt", sqrt}, Row{"aten::log", log}}) {
    t.add(row.name, {{"number(Scalar a) -> Scalar", row.run}}, Mixing::row_wise);
  }
  t.add("aten::__and__",
        {{"and.bool(bool a, bool b) -> bool", logical_and}, {"and.int(int a, int b) -> int", bitwise_and}});
  t.add("aten::__or__", {{"or.bool(bool a, bool b) -> bool", logical_or}, {"or.int(int a, int b) -> int", bitwise_or}});
  t.add("aten::__xor__", {{"xor.int(int a, int b) -> int", bitwise_xor}});
  t.add("aten::__not__", {{"not(bool self) -> bool", logical_not}});
  t.add("aten::Int", {{"Int.Tensor(Tensor a) -> int", to_int}, {"Int.Scalar(Scalar a) -> int", to_int}},
        Mixing::row_wise);
  t.add("aten::Float", {{"Float.Tensor(Tensor a) -> float", to_float}, {"Float.Scalar(Scalar a) -> float", to_float}},
        Mixing::row_wise);
  t.add("aten::Bool", {{"Bool.Tensor(Tensor a) -> bool", to_bool}, {"Bool.Scalar(Scalar a) -> bool", to_bool}},
        Mixing::row_wise);
  t.add("aten::IntImplicit", {{"IntImplicit(Tensor a) -> int", int_implicit}}, Mixing::row_wise);
  t.add("aten::FloatImplicit", {{"FloatImplicit(Tensor a) -> float", to_float}}, Mixing::row_wise);
  t.add("aten::ScalarImplicit", {{"ScalarImplicit(Tensor a) -> Scalar", to_number}}, Mixing::row_wise);
  t.add("aten::item", {{"item(Tensor self) -> Scalar", to_number}}, Mixing::row_wise);
  t.add("prim::NumToTensor", {{"NumToTensor(Scalar a) -> Tensor", to_tensor}}, Mixing::row_wise);
}

}  // namespace bertrt::graph
