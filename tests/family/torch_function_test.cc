#include "family/torch_function.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace bertrt::family {
namespace {

constexpr std::array<double, 7> kAt = {-25, -1.5, -0.3, 0, 0.7, 7, 25};

// torch 2.13's values, of modules made without an argument, in double.
const std::map<std::string, std::array<double, 7>>& expected() {
  static const std::map<std::string, std::array<double, 7>> values = {
      {"Sigmoid", {1.38879439e-11, 0.182425524, 0.425557483, 0.5, 0.668187772, 0.999088949, 1}},
      {"Tanh", {-1, -0.905148254, -0.291312612, 0, 0.604367777, 0.999998337, 1}},
      {"ReLU", {0, 0, 0, 0, 0.7, 7, 25}},
      {"ReLU6", {0, 0, 0, 0, 0.7, 6, 6}},
      {"LeakyReLU", {-0.25, -0.015, -0.003, 0, 0.7, 7, 25}},
      {"ELU", {-1, -0.77686984, -0.259181779, 0, 0.7, 7, 25}},
      {"SELU", {-1.75809934, -1.36581435, -0.455667315, 0, 0.735490691, 7.35490691, 26.2675247}},
      {"CELU", {-1, -0.77686984, -0.259181779, 0, 0.7, 7, 25}},
      {"GELU", {-0, -0.100210802, -0.114626573, 0, 0.530625443, 7, 25}},
      {"SiLU", {-3.47198597e-10, -0.273638286, -0.127667245, 0, 0.467731441, 6.99362264, 25}},
      {"Mish", {-3.47198597e-10, -0.298099742, -0.151133177, 0, 0.561148378, 6.99998838, 25}},
      {"Softplus", {1.38879439e-11, 0.201413278, 0.554355244, 0.693147181, 1.10318605, 7.00091147, 25}},
      {"Softsign", {-0.961538462, -0.6, -0.230769231, 0, 0.411764706, 0.875, 0.961538462}},
      {"LogSigmoid", {-25, -1.70141328, -0.854355244, -0.693147181, -0.403186049, -0.000911466454, -1.38879439e-11}},
      {"Hardtanh", {-1, -1, -0.3, 0, 0.7, 1, 1}},
      {"Hardsigmoid", {0, 0.25, 0.45, 0.5, 0.616666667, 1, 1}},
      {"Hardswish", {-0, -0.375, -0.135, 0, 0.431666667, 7, 25}},
      {"Hardshrink", {-25, -1.5, 0, 0, 0.7, 7, 25}},
      {"Softshrink", {-24.5, -1, -0, 0, 0.2, 6.5, 24.5}},
      {"Tanhshrink", {-24, -0.594851746, -0.00868738755, 0, 0.0956322229, 6.00000166, 24}},
      {"Identity", {-25, -1.5, -0.3, 0, 0.7, 7, 25}},
  };
  return values;
}

TEST(TorchFunction, ValuesAreTorchs) {
  for (const auto& [name, values] : expected()) {
    const TorchFunction function = torch_function(name);
    ASSERT_NE(function, nullptr) << name;
    for (std::size_t i = 0; i < kAt.size(); ++i) {
      EXPECT_NEAR(function(kAt[i]), values[i], 1e-8 * std::max(1.0, std::abs(values[i]))) << name << " at " << kAt[i];
    }
    EXPECT_NE((", " + torch_function_names() + ", ").find(", " + name + ", "), std::string::npos) << name;
  }
}

TEST(TorchFunction, NanStaysNan) {
  for (const auto& [name, values] : expected()) {
    EXPECT_TRUE(std::isnan(torch_function(name)(std::numeric_limits<double>::quiet_NaN()))) << name;
  }
}

TEST(TorchFunction, NoOther) {
  for (const char* name : {"", "tanh", "PReLU", "Softmax", "torch.nn.Tanh"}) {
    EXPECT_EQ(torch_function(name), nullptr) << name;
  }
}

TEST(TorchFunction, TheLastPartOfAName) {
  EXPECT_EQ(last_part("torch.nn.modules.linear.Identity"), "Identity");
  EXPECT_EQ(last_part("Identity"), "Identity");
}

}  // namespace
}  // namespace bertrt::family
