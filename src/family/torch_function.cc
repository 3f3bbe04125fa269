#include "family/torch_function.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bertrt::family {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return x > 20 ? x : std::log1p(std::exp(x)); }
double elu(double x) { return x > 0 ? x : std::expm1(x); }
// Not std::clamp: NaN stays NaN.
double between(double x, double least, double most) { return x < least ? least : x > most ? most : x; }

constexpr std::pair<std::string_view, TorchFunction> kFunctions[] = {
    {"Identity", [](double x) { return x; }},
    {"Sigmoid", sigmoid},
    {"Tanh", [](double x) { return std::tanh(x); }},
    {"ReLU", [](double x) { return x < 0 ? 0 : x; }},
    {"ReLU6", [](double x) { return between(x, 0, 6); }},
    {"LeakyReLU", [](double x) { return x < 0 ? x * 0.01 : x; }},
    {"ELU", elu},
    {"CELU", elu},
    {"SELU",
     [](double x) {
       return 1.0507009873554804934193349852946 * (x > 0 ? x : 1.6732632423543772848170429916717 * std::expm1(x));
     }},
    {"GELU", [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }},
    {"SiLU", [](double x) { return x * sigmoid(x); }},
    {"Mish", [](double x) { return x * std::tanh(softplus(x)); }},
    {"Softplus", softplus},
    {"Softsign", [](double x) { return x / (1 + std::abs(x)); }},
    {"LogSigmoid", [](double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }},
    {"Hardtanh", [](double x) { return between(x, -1, 1); }},
    {"Hardsigmoid", [](double x) { return between(x + 3, 0, 6) / 6; }},
    {"Hardswish", [](double x) { return x * between(x + 3, 0, 6) / 6; }},
    {"Hardshrink", [](double x) { return std::abs(x) <= 0.5 ? 0 : x; }},
    {"Softshrink", [](double x) { return x > 0.5    ? x - 0.5
                                         : x < -0.5 ? x + 0.5
                                                    : x * 0; }},
    {"Tanhshrink", [](double x) { return x - std::tanh(x); }},
};

}  // namespace

TorchFunction torch_function(std::string_view name) noexcept {
  for (const auto& [known, function] : kFunctions) {
    if (known == name) return function;
  }
  return nullptr;
}

std::string torch_function_names() {
  std::string names;
  for (const auto& [name, function] : kFunctions) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

std::string last_part(std::string_view dotted) { return std::string(dotted.substr(dotted.rfind('.') + 1)); }

}  // namespace bertrt::family
