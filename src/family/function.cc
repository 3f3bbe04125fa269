#include "family/function.h"

#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "family/terms.h"

namespace bertrt::family {
namespace {

// More operators than any formula of an activation that was seen (gelu_new has 8), each counted as often as it is met
// on the way to the input. It bounds how deep the way is, too.
constexpr std::size_t kMaxVisits = 64;

double gelu_erf(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }
double silu(double x) { return x / (1 + std::exp(-x)); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

enum class Operation { tanh, erf, relu, silu, sigmoid, gelu_erf, gelu_tanh, mul, div, pow, add, sub, rsub };

// Nothing for an operator that is not pointwise.
std::optional<Operation> operation_of(const Node& node) {
  static constexpr std::pair<std::string_view, Operation> kOperations[] = {
      {"aten::mul", Operation::mul},       {"aten::add", Operation::add},   {"aten::sub", Operation::sub},
      {"aten::rsub", Operation::rsub},     {"aten::div", Operation::div},   {"aten::pow", Operation::pow},
      {"aten::tanh", Operation::tanh},     {"aten::erf", Operation::erf},   {"aten::relu", Operation::relu},
      {"aten::gelu", Operation::gelu_erf}, {"aten::silu", Operation::silu}, {"aten::sigmoid", Operation::sigmoid},
      {"aten::multiply", Operation::mul},
  };
  for (const auto& [name, operation] : kOperations) {
    if (node.name != name) continue;
    const bool by_tanh = operation == Operation::gelu_erf && text(node.arguments, 1) == "tanh";
    return by_tanh ? Operation::gelu_tanh : operation;
  }
  return std::nullopt;
}

// A formula of one tensor, made into steps that are evaluated for one number after the other.
class Formula {
 public:
  explicit Formula(const Instance& instance) : instance_(instance) {}

  // Whether `top` is one, of one tensor: the one that all of it comes from, of those below it that are no pointwise
  // operators.
  bool read(NodeId top) {
    if (!visit(top) || !input_) return false;
    compile(top);
    return true;
  }
  const Ref& input() const { return *input_; }

  double operator()(double x) {
    const auto value = [&](const Operand& operand) {
      return operand.number ? *operand.number : operand.step == kInput ? x : values_[operand.step];
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      values_[i] = apply(step, value(step.a), value(step.b));
    }
    return values_.back();
  }

 private:
  static constexpr std::size_t kInput = static_cast<std::size_t>(-1);
  struct Operand {
    std::optional<double> number;
    std::size_t step = kInput;
  };
  struct Step {
    Operation operation;
    Operand a;
    Operand b;
    double factor = 1;  // of b; of a in rsub
  };

  static double apply(const Step& step, double a, double b) {
    switch (step.operation) {
      case Operation::tanh: return std::tanh(a);
      case Operation::erf: return std::erf(a);
      case Operation::relu: return a > 0 ? a : 0;
      case Operation::silu: return silu(a);
      case Operation::sigmoid: return 1 / (1 + std::exp(-a));
      case Operation::gelu_erf: return gelu_erf(a);
      case Operation::gelu_tanh: return gelu_tanh(a);
      case Operation::mul: return a * b;
      case Operation::div: return step.factor * a / b;
      case Operation::pow: return std::pow(a, b);
      case Operation::add: return a + step.factor * b;
      case Operation::sub: return a - step.factor * b;
      case Operation::rsub: return b - step.factor * a;
    }
    return NAN;
  }

  bool visit(NodeId id) {
    const Node& node = instance_.node(id);
    if (++visits_ > kMaxVisits || node.partial || !operation_of(node)) return false;
    bool any = false;
    for (std::size_t i = 0; i < node.refs.size(); ++i) {
      const Ref& ref = node.refs[i];
      if (!ref.tensor.defined() || number(node.arguments[i])) continue;
      any = true;
      if (input_ && same_values(instance_, *input_, ref)) continue;
      const NodeId below = instance_.whole(ref);
      const std::optional<Ref> before = input_;
      if (below != kNoNode && visit(below)) continue;
      input_ = before;  // a sum of two tensors and the like is where the formula begins
      if (input_) return false;
      input_ = ref;
    }
    return any;
  }

  // What was visited: each operator once, behind those that it needs.
  std::size_t compile(NodeId id) {
    if (const auto found = compiled_.find(id); found != compiled_.end()) return found->second;
    const Node& node = instance_.node(id);
    Step step{*operation_of(node), operand(node, 0), {}, 1};
    switch (step.operation) {
      case Operation::add:
      case Operation::sub:
      case Operation::rsub:
        if (node.arguments.size() > 2) step.factor = number(node.arguments[2]).value_or(NAN);
        [[fallthrough]];
      case Operation::mul:
      case Operation::div:
      case Operation::pow: step.b = operand(node, 1); break;
      default: break;
    }
    if (step.operation == Operation::div && node.arguments.size() > 2 && !node.arguments[2].none()) step.factor = NAN;
    steps_.push_back(step);
    values_.push_back(0);
    return compiled_[id] = steps_.size() - 1;
  }

  Operand operand(const Node& node, std::size_t i) {
    if (const auto value = number(node.arguments[i])) return {value, kInput};
    if (same_values(instance_, *input_, node.refs[i])) return {};
    return {std::nullopt, compile(instance_.whole(node.refs[i]))};
  }

  const Instance& instance_;
  std::optional<Ref> input_;
  std::size_t visits_ = 0;
  std::map<NodeId, std::size_t> compiled_;
  std::vector<Step> steps_;
  std::vector<double> values_;
};

template <typename Function>
bool is(Formula& formula, Function wanted) {
  for (int i = -400; i <= 400; ++i) {
    const double x = std::copysign(std::expm1(std::abs(i) * 0.02303), i);  // 0 … ±1e4
    const double expected = wanted(x);
    if (!(std::abs(formula(x) - expected) <= 1e-6 * std::max(1.0, std::abs(x)))) return false;
  }
  return true;
}

}  // namespace

std::optional<AppliedActivation> find_activation(const Instance& instance, NodeId top) {
  Formula formula(instance);
  if (!formula.read(top)) return std::nullopt;
  if (is(formula, gelu_erf)) return AppliedActivation{Activation::gelu_erf, formula.input()};
  if (is(formula, gelu_tanh)) return AppliedActivation{Activation::gelu_tanh, formula.input()};
  if (is(formula, [](double x) { return x > 0 ? x : 0; })) return AppliedActivation{Activation::relu, formula.input()};
  if (is(formula, silu)) return AppliedActivation{Activation::silu, formula.input()};
  if (is(formula, [](double x) { return std::tanh(x); })) return AppliedActivation{Activation::tanh, formula.input()};
  return std::nullopt;
}

}  // namespace bertrt::family
