#include <cmath>
#include <numbers>

#include "graph/operators/pointwise.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

template <typename T>
T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}
template <typename T>
T softplus(T x, double beta, double threshold) {
  const T scaled = x * static_cast<T>(beta);
  return scaled > static_cast<T>(threshold) ? x : std::log1p(std::exp(scaled)) / static_cast<T>(beta);
}
template <typename T>
T clamped(T x, T low, T high) {
  return x < low ? low : x > high ? high : x;
}

/// Only floating tensors, as ATen.
template <typename F>
void real_only(Call& c, F f) {
  const Tensor& a = c.tensor(0);
  if (!is_floating(a.type())) c.fail("a floating tensor", std::string(archive::to_string(a.type())));
  c.give(floating_unary(c, a, f));
}

void gelu(Call& c) {
  const std::string& kind = c.text(1);
  if (kind == "none") {
    return real_only(c, [](auto x) {
      using T = decltype(x);
      return x * T{0.5} * (T{1} + std::erf(x * static_cast<T>(std::numbers::sqrt2 / 2)));
    });
  }
  if (kind != "tanh") c.fail("approximate none or tanh", kind);
  real_only(c, [](auto x) {
    using T = decltype(x);
    const T inner = static_cast<T>(std::numbers::sqrt2 * std::numbers::inv_sqrtpi) * (x + T(0.044715) * x * x * x);
    return T{0.5} * x * (T{1} + std::tanh(inner));
  });
}
void relu(Call& c) {
  if (c.tensor(0).type() == ElementType::boolean) c.fail("numbers", "booleans");
  c.give(unary(c, c.tensor(0), c.tensor(0).type(), [](auto x) { return x <= 0 ? decltype(x){0} : x; }));
}
void relu6(Call& c) {
  c.give(unary(c, c.tensor(0), c.tensor(0).type(), [](auto x) { return clamped(x, decltype(x){0}, decltype(x){6}); }));
}
void silu(Call& c) {
  real_only(c, [](auto x) { return x / (1 + std::exp(-x)); });
}
void mish(Call& c) {
  real_only(c, [](auto x) { return x * std::tanh(std::log1p(std::exp(x))); });
}
void hardswish(Call& c) {
  real_only(c, [](auto x) {
    using T = decltype(x);
    return x * clamped(x + T{3}, T{0}, T{6}) / T{6};
  });
}
void hardsigmoid(Call& c) {
  real_only(c, [](auto x) {
    using T = decltype(x);
    return clamped(x + T{3}, T{0}, T{6}) / T{6};
  });
}
void hardtanh(Call& c) {
  const double low = c.real(1);
  const double high = c.real(2);
  if (low > high) c.fail("min_val up to max_val", std::to_string(low) + " and " + std::to_string(high));
  real_only(c, [=](auto x) { return clamped(x, static_cast<decltype(x)>(low), static_cast<decltype(x)>(high)); });
}
void elu(Call& c) {
  const double alpha = c.real(1);
  const double scale = c.real(2);
  const double input_scale = c.real(3);
  real_only(c, [=](auto x) {
    using T = decltype(x);
    const T factor = static_cast<T>(scale);
    return x > 0 ? x * factor : std::expm1(x * static_cast<T>(input_scale)) * static_cast<T>(alpha * scale);
  });
}
void celu(Call& c) {
  const double alpha = c.real(1);
  if (alpha == 0) c.fail("an alpha that is not 0", "0");
  real_only(c, [=](auto x) {
    using T = decltype(x);
    return x > 0 ? x : std::expm1(x / static_cast<T>(alpha)) * static_cast<T>(alpha);
  });
}
void selu(Call& c) {
  constexpr double kAlpha = 1.6732632423543772848170429916717;
  constexpr double kScale = 1.0507009873554804934193349852946;
  real_only(c, [](auto x) {
    using T = decltype(x);
    return x > 0 ? x * T(kScale) : std::expm1(x) * T(kAlpha * kScale);
  });
}
void leaky_relu(Call& c) {
  const double slope = c.real(1);
  real_only(c, [=](auto x) { return x > 0 ? x : x * static_cast<decltype(x)>(slope); });
}
void prelu(Call& c) {
  const Tensor& a = c.tensor(0);
  Tensor weight = c.tensor(1);
  if (a.type() != weight.type() || !is_floating(a.type())) c.fail("two tensors of one floating type", "others");
  if (weight.rank() > 1) c.fail("one weight or one a channel", to_string(weight.sizes()));
  if (weight.elements() != 1) {
    if (a.rank() < 2 || weight.elements() != a.size(1)) c.fail("a weight a channel", to_string(weight.sizes()));
    Sizes sizes(a.sizes().size(), 1);
    sizes[1] = weight.elements();
    weight = reshaped(c, weight, sizes);
  } else {
    weight = reshaped(c, weight, {});
  }
  c.give(binary(c, a, weight, a.type(), [](auto x, auto w) { return x > 0 ? x : x * w; }));
}
void softplus_op(Call& c) {
  const double beta = c.real(1);
  const double threshold = c.real(2);
  real_only(c, [=](auto x) { return softplus(x, beta, threshold); });
}
void log_sigmoid(Call& c) {
  real_only(c, [](auto x) {
    using T = decltype(x);
    return std::min(x, T{0}) - std::log1p(std::exp(-std::fabs(x)));
  });
}
void threshold(Call& c) {
  const double limit = c.real(1);
  const double value = c.real(2);
  c.give(unary(c, c.tensor(0), c.tensor(0).type(), [=](auto x) {
    using T = decltype(x);
    return x <= convert<T>(limit) ? convert<T>(value) : x;
  }));
}
void softshrink(Call& c) {
  const double lambda = c.real(1);
  real_only(c, [=](auto x) {
    const auto edge = static_cast<decltype(x)>(lambda);
    return x > edge ? x - edge : x < -edge ? x + edge : x * 0;
  });
}
void hardshrink(Call& c) {
  const double lambda = c.real(1);
  real_only(c, [=](auto x) {
    const auto edge = static_cast<decltype(x)>(lambda);
    return x >= -edge && x <= edge ? decltype(x){0} : x;
  });
}
void glu(Call& c) {
  const Tensor& a = c.tensor(0);
  if (a.rank() == 0) c.fail("a tensor with axes", "one without");
  const std::int64_t axis = c.axis(1, a.rank());
  if (a.size(axis) % 2 != 0) c.fail("an even size", std::to_string(a.size(axis)));
  const std::int64_t half = a.size(axis) / 2;
  const Tensor left = narrowed(a, axis, 0, half);
  const Tensor right = narrowed(a, axis, half, half);
  c.give(binary(c, left, right, floating(a.type()), [](auto x, auto y) {
    return static_cast<decltype(x)>(
        x * sigmoid(static_cast<std::conditional_t<std::is_integral_v<decltype(y)>, double, decltype(y)>>(y)));
  }));
}

void dropout(Call& c) {
  if (c.flag(2) && c.real(1) != 0) {
    c.refuse("a model in evaluation mode", "dropout with train=True: the trace was made in training mode");
  }
  c.give(c.tensor(0));
}

}  // namespace

void add_activations(Table& t) {
  t.pointwise("aten::gelu", {{"gelu(Tensor self, *, str approximate='none') -> Tensor", gelu}});
  t.pointwise("aten::relu", {{"relu(Tensor self) -> Tensor", relu}});
  t.pointwise("aten::relu6", {{"relu6(Tensor self) -> Tensor", relu6}});
  t.pointwise("aten::silu", {{"silu(Tensor self) -> Tensor", silu}});
  t.pointwise("aten::mish", {{"mish(Tensor self) -> Tensor", mish}});
  t.pointwise("aten::hardswish", {{"hardswish(Tensor self) -> Tensor", hardswish}});
  t.pointwise("aten::hardsigmoid", {{"hardsigmoid(Tensor self) -> Tensor", hardsigmoid}});
  t.pointwise("aten::hardtanh", {{"hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor", hardtanh}});
  t.pointwise("aten::elu", {{"elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor", elu}});
  t.pointwise("aten::celu", {{"celu(Tensor self, Scalar alpha=1.0) -> Tensor", celu}});
  t.pointwise("aten::selu", {{"selu(Tensor self) -> Tensor", selu}});
  t.pointwise("aten::leaky_relu", {{"leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor", leaky_relu}});
  t.add("aten::prelu", {{"prelu(Tensor self, Tensor weight) -> Tensor", prelu}});
  t.add("aten::softplus", {{"softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor", softplus_op}},
        Mixing::row_wise);
  t.add("aten::log_sigmoid", {{"log_sigmoid(Tensor self) -> Tensor", log_sigmoid}}, Mixing::row_wise);
  t.pointwise("aten::threshold", {{"threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor", threshold}});
  t.add("aten::softshrink", {{"softshrink(Tensor self, Scalar lambd=0.5) -> Tensor", softshrink}}, Mixing::row_wise);
  t.add("aten::hardshrink", {{"hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor", hardshrink}}, Mixing::row_wise);
  t.add("aten::glu", {{"glu(Tensor self, int dim=-1) -> Tensor", glu}});
  for (const char* name : {"aten::dropout", "aten::feature_dropout", "aten::alpha_dropout"}) {
    t.add(name, {{"dropout(Tensor input, float p, bool train) -> Tensor", dropout}}, Mixing::row_wise);
  }
  // Nothing is written: the identity in place is the identity.
  t.add("aten::dropout_", {{"dropout_(Tensor(a!) self, float p, bool train) -> Tensor(a!)", dropout}},
        Mixing::row_wise);
}

}  // namespace bertrt::graph
