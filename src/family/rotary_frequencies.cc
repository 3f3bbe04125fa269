#include "family/rotary_frequencies.h"

#include <cmath>

namespace bertrt::family {

std::vector<float> rotary_frequencies(double base, std::size_t values) {
  std::vector<float> result;
  for (std::size_t i = 0; i + 1 < values; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(values);
    result.push_back(1.0F / std::pow(static_cast<float>(base), exponent));
  }
  return result;
}

std::vector<float> grown_frequencies(const RotarySpec& spec, std::size_t length) {
  const RotaryGrowth& growth = *spec.growth;
  const auto values = static_cast<double>(2 * spec.frequencies.size());
  const double times = static_cast<double>(length) / static_cast<double>(growth.length);
  const double wider = std::pow(growth.factor * times - (growth.factor - 1), values / (values - 2));
  return rotary_frequencies(growth.base * wider, 2 * spec.frequencies.size());
}

}  // namespace bertrt::family
