#include "family/function.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "family/terms.h"

namespace bertrt::family {
namespace {

// Deeper than any formula of an activation that was seen (gelu_new has 8 operators).
constexpr std::size_t kMaxDepth = 16;

double gelu_erf(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }
double silu(double x) { return x / (1 + std::exp(-x)); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

// A formula of one tensor, evaluated for one number.
class Formula {
 public:
  Formula(const Instance& instance, NodeId top) : instance_(instance), top_(top) {}

  // Finds the one tensor that all of it comes from: of the nodes below the top that are no pointwise operators.
  bool find_input() { return visit(top_, 0) && input_.has_value(); }
  const Ref& input() const { return *input_; }

  double operator()(double x) const { return value_of(top_, x); }

 private:
  static bool pointwise(std::string_view name) {
    return name == "aten::mul" || name == "aten::add" || name == "aten::sub" || name == "aten::rsub" ||
           name == "aten::div" || name == "aten::pow" || name == "aten::tanh" || name == "aten::erf" ||
           name == "aten::relu" || name == "aten::gelu" || name == "aten::multiply" || name == "aten::silu" ||
           name == "aten::sigmoid";
  }

  bool visit(NodeId id, std::size_t depth) {
    const Node& node = instance_.node(id);
    if (depth > kMaxDepth || node.partial || !pointwise(node.name)) return false;
    bool any = false;
    for (std::size_t i = 0; i < node.refs.size(); ++i) {
      const Ref& ref = node.refs[i];
      if (!ref.tensor.defined() || number(node.arguments[i])) continue;
      any = true;
      if (input_ && same_values(instance_, *input_, ref)) continue;
      const NodeId below = instance_.whole(ref);
      const std::optional<Ref> before = input_;
      if (below != kNoNode && pointwise(instance_.node(below).name) && visit(below, depth + 1)) continue;
      input_ = before;  // a sum of two tensors and the like is where the formula begins
      if (input_) return false;
      input_ = ref;
    }
    return any;
  }

  double operand(const Node& node, std::size_t i, double x) const {
    if (const auto value = number(node.arguments[i])) return *value;
    return same_values(instance_, *input_, node.refs[i]) ? x : value_of(instance_.whole(node.refs[i]), x);
  }

  double value_of(NodeId id, double x) const {
    const Node& node = instance_.node(id);
    const double a = operand(node, 0, x);
    if (node.name == "aten::tanh") return std::tanh(a);
    if (node.name == "aten::erf") return std::erf(a);
    if (node.name == "aten::relu") return a > 0 ? a : 0;
    if (node.name == "aten::silu") return silu(a);
    if (node.name == "aten::sigmoid") return 1 / (1 + std::exp(-a));
    if (node.name == "aten::gelu") return text(node.arguments, 1) == "tanh" ? gelu_tanh(a) : gelu_erf(a);
    const double b = operand(node, 1, x);
    const double alpha = node.arguments.size() > 2 ? number(node.arguments[2]).value_or(NAN) : 1;
    if (node.name == "aten::mul" || node.name == "aten::multiply") return a * b;
    if (node.name == "aten::div") return node.arguments.size() > 2 && !node.arguments[2].none() ? NAN : a / b;
    if (node.name == "aten::pow") return std::pow(a, b);
    if (node.name == "aten::add") return a + alpha * b;
    if (node.name == "aten::sub") return a - alpha * b;
    return b - alpha * a;  // rsub
  }

  const Instance& instance_;
  NodeId top_;
  std::optional<Ref> input_;
};

template <typename Function>
bool is(const Formula& formula, Function wanted) {
  for (int i = -400; i <= 400; ++i) {
    const double x = std::copysign(std::expm1(std::abs(i) * 0.02303), i);  // 0 … ±1e4
    const double expected = wanted(x);
    if (!(std::abs(formula(x) - expected) <= 1e-6 * std::max(1.0, std::abs(x)))) return false;
  }
  return true;
}

}  // namespace

std::optional<AppliedActivation> find_activation(const Instance& instance, NodeId top) {
  Formula formula(instance, top);
  if (!formula.find_input()) return std::nullopt;
  if (is(formula, gelu_erf)) return AppliedActivation{Activation::gelu_erf, formula.input()};
  if (is(formula, gelu_tanh)) return AppliedActivation{Activation::gelu_tanh, formula.input()};
  if (is(formula, [](double x) { return x > 0 ? x : 0; })) return AppliedActivation{Activation::relu, formula.input()};
  if (is(formula, silu)) return AppliedActivation{Activation::silu, formula.input()};
  if (is(formula, [](double x) { return std::tanh(x); })) return AppliedActivation{Activation::tanh, formula.input()};
  return std::nullopt;
}

}  // namespace bertrt::family
