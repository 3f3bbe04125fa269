#include <algorithm>
#include <cmath>
#include <numbers>

#include "graph/operators/pointwise.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// A row for a function of real numbers; whole numbers become float32.
template <typename F>
void real_function(Table& t, const char* name, F) {
  t.pointwise(name,
              {{"function(Tensor self) -> Tensor", [](Call& c) { c.give(floating_unary(c, c.tensor(0), F{})); }}});
}

/// A row for one that keeps the type.
template <typename F>
void kept_function(Table& t, const char* name, F) {
  t.pointwise(name, {{"function(Tensor self) -> Tensor",
                      [](Call& c) { c.give(unary(c, c.tensor(0), c.tensor(0).type(), F{})); }}});
}

struct Negative {
  std::int64_t operator()(std::int64_t a) const { return wrapping_sub(0, a); }
  template <typename T>
  T operator()(T a) const {
    return -a;
  }
};
struct Absolute {
  std::int64_t operator()(std::int64_t a) const { return a < 0 ? wrapping_sub(0, a) : a; }
  template <typename T>
  T operator()(T a) const {
    return std::fabs(a);
  }
};
struct Sign {
  template <typename T>
  T operator()(T a) const {
    return static_cast<T>((a > 0) - (a < 0));
  }
};
template <typename T>
T rounded(T a) {
  return std::nearbyint(a);  // half to even
}

/// Whole numbers are left as they are.
#define BERTRT_ROUNDING(Name, expression)                       \
  struct Name {                                                 \
    std::int64_t operator()(std::int64_t a) const { return a; } \
    template <typename T>                                       \
    T operator()(T a) const {                                   \
      return expression;                                        \
    }                                                           \
  }
BERTRT_ROUNDING(Ceil, std::ceil(a));
BERTRT_ROUNDING(Floor, std::floor(a));
BERTRT_ROUNDING(Trunc, std::trunc(a));
BERTRT_ROUNDING(Round, rounded(a));
#undef BERTRT_ROUNDING

void neg(Call& c) {
  if (c.tensor(0).type() == ElementType::boolean) c.fail("numbers", "booleans");
  c.give(unary(c, c.tensor(0), c.tensor(0).type(), Negative{}));
}
void absolute(Call& c) {
  if (c.tensor(0).type() == ElementType::boolean) c.refuse("numbers", "booleans");
  c.give(unary(c, c.tensor(0), c.tensor(0).type(), Absolute{}));
}

void round_decimals(Call& c) {
  const Tensor& a = c.tensor(0);
  const std::int64_t decimals = c.integer(1);
  if (!is_floating(a.type())) c.refuse("a floating tensor", std::string(archive::to_string(a.type())));
  if (decimals < -30 || decimals > 30) c.fail("from -30 to 30 decimals", std::to_string(decimals));
  c.give(floating_unary(c, a, [decimals](auto x) {
    using T = decltype(x);
    const T ten = static_cast<T>(std::pow(T{10}, static_cast<T>(decimals < 0 ? -decimals : decimals)));
    return decimals < 0 ? rounded(x / ten) * ten : rounded(x * ten) / ten;
  }));
}

void frac(Call& c) {
  if (!is_floating(c.tensor(0).type())) c.fail("a floating tensor", "another");
  c.give(floating_unary(c, c.tensor(0), [](auto x) { return x - std::trunc(x); }));
}

void logit(Call& c) {
  const bool clamps = c.has(1);
  const double eps = clamps ? c.real(1) : 0;
  c.give(floating_unary(c, c.tensor(0), [=](auto x) {
    using T = decltype(x);
    const T low = static_cast<T>(eps);
    const T high = T{1} - low;
    const T z = !clamps ? x : x < low ? low : x > high ? high : x;
    return std::log(z / (T{1} - z));
  }));
}

void nan_to_num(Call& c) {
  const Tensor& a = c.tensor(0);
  if (!is_floating(a.type())) return c.give(copied(c, a));
  const auto number = [&](std::size_t i) { return c.has(i) ? std::optional<double>(c.real(i)) : std::nullopt; };
  const auto nan = number(1);
  const auto high = number(2);
  const auto low = number(3);
  c.give(floating_unary(c, a, [=](auto x) {
    using T = decltype(x);
    if (x != x) return static_cast<T>(nan.value_or(0));
    if (x == std::numeric_limits<T>::infinity()) return high ? static_cast<T>(*high) : std::numeric_limits<T>::max();
    if (x == -std::numeric_limits<T>::infinity()) return low ? static_cast<T>(*low) : std::numeric_limits<T>::lowest();
    return x;
  }));
}

void signbit(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor sign = unary(c, a, a.type(),
                            Either{[](std::int64_t x) { return std::int64_t{x < 0}; },
                                   [](auto x) { return static_cast<decltype(x)>(std::signbit(x)); }});
  c.give(cast(c, sign, ElementType::boolean));
}

void positive(Call& c) {
  if (c.tensor(0).type() == ElementType::boolean) c.fail("numbers", "booleans");
  c.give(c.tensor(0));
}

}  // namespace

void add_mathematics(Table& t) {
  t.pointwise("aten::neg", {{"neg(Tensor self) -> Tensor", neg}});
  t.pointwise("aten::abs", {{"abs(Tensor self) -> Tensor", absolute}});
  t.add("aten::positive", {{"positive(Tensor(a) self) -> Tensor(a)", positive}}, Mixing::row_wise);
  kept_function(t, "aten::sign", Sign{});
  kept_function(t, "aten::sgn", Sign{});
  kept_function(t, "aten::ceil", Ceil{});
  kept_function(t, "aten::floor", Floor{});
  kept_function(t, "aten::trunc", Trunc{});
  t.pointwise("aten::round", {{"round(Tensor self) -> Tensor",
                               [](Call& c) { c.give(unary(c, c.tensor(0), c.tensor(0).type(), Round{})); }},
                              {"round.decimals(Tensor self, *, int decimals) -> Tensor", round_decimals}});
  t.pointwise("aten::frac", {{"frac(Tensor self) -> Tensor", frac}});
  t.pointwise("aten::square", {{"square(Tensor self) -> Tensor", [](Call& c) {
                                  const ElementType type = c.tensor(0).type();
                                  // pow's promotion with the Python number 2
                                  c.give(unary(c, c.tensor(0), type == ElementType::boolean ? ElementType::int64 : type,
                                               Either{[](std::int64_t a) { return wrapping_mul(a, a); },
                                                      [](auto a) { return a * a; }}));
                                }}});
  real_function(t, "aten::exp", [](auto x) { return std::exp(x); });
  real_function(t, "aten::exp2", [](auto x) { return std::exp2(x); });
  real_function(t, "aten::expm1", [](auto x) { return std::expm1(x); });
  real_function(t, "aten::log", [](auto x) { return std::log(x); });
  real_function(t, "aten::log2", [](auto x) { return std::log2(x); });
  real_function(t, "aten::log10", [](auto x) { return std::log10(x); });
  real_function(t, "aten::log1p", [](auto x) { return std::log1p(x); });
  real_function(t, "aten::sqrt", [](auto x) { return std::sqrt(x); });
  real_function(t, "aten::rsqrt", [](auto x) { return 1 / std::sqrt(x); });
  real_function(t, "aten::reciprocal", [](auto x) { return 1 / x; });
  real_function(t, "aten::sin", [](auto x) { return std::sin(x); });
  real_function(t, "aten::cos", [](auto x) { return std::cos(x); });
  real_function(t, "aten::tan", [](auto x) { return std::tan(x); });
  real_function(t, "aten::asin", [](auto x) { return std::asin(x); });
  real_function(t, "aten::acos", [](auto x) { return std::acos(x); });
  real_function(t, "aten::atan", [](auto x) { return std::atan(x); });
  real_function(t, "aten::sinh", [](auto x) { return std::sinh(x); });
  real_function(t, "aten::cosh", [](auto x) { return std::cosh(x); });
  real_function(t, "aten::tanh", [](auto x) { return std::tanh(x); });
  real_function(t, "aten::erf", [](auto x) { return std::erf(x); });
  real_function(t, "aten::erfc", [](auto x) { return std::erfc(x); });
  real_function(t, "aten::sigmoid", [](auto x) { return 1 / (1 + std::exp(-x)); });
  real_function(t, "aten::asinh", [](auto x) { return std::asinh(x); });
  real_function(t, "aten::acosh", [](auto x) { return std::acosh(x); });
  real_function(t, "aten::atanh", [](auto x) { return std::atanh(x); });
  real_function(t, "aten::lgamma", [](auto x) { return std::lgamma(x); });
  real_function(t, "aten::deg2rad", [](auto x) { return x * static_cast<decltype(x)>(std::numbers::pi / 180); });
  real_function(t, "aten::rad2deg", [](auto x) { return x * static_cast<decltype(x)>(180 / std::numbers::pi); });
  real_function(t, "aten::sinc", [](auto x) {
    const auto angle = x * std::numbers::pi_v<decltype(x)>;
    return x == 0 ? decltype(x){1} : std::sin(angle) / angle;
  });
  t.pointwise("aten::logit", {{"logit(Tensor self, float? eps=None) -> Tensor", logit}});
  t.add("aten::signbit", {{"signbit(Tensor self) -> Tensor", signbit}}, Mixing::row_wise);
  t.pointwise(
      "aten::nan_to_num",
      {{"nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor", nan_to_num}});
}

}  // namespace bertrt::graph
