#include "tasks/dot.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bertrt::tasks {

float dot(std::span<const float> a, std::span<const float> b) noexcept {
  constexpr std::size_t kParts = 16;
  std::array<float, kParts> parts{};
  std::size_t at = 0;
  for (; at + kParts <= a.size(); at += kParts) {
    const float* x = a.data() + at;
    const float* y = b.data() + at;
    for (std::size_t i = 0; i < kParts; ++i) parts[i] += x[i] * y[i];
  }
  float sum = 0;
  for (; at < a.size(); ++at) sum += a[at] * b[at];
  for (const float part : parts) sum += part;
  return sum;
}

float inverse_norm(std::span<const float> x) noexcept { return 1.0F / std::max(std::sqrt(dot(x, x)), 1e-12F); }

float score(std::span<const float> a, std::span<const float> b, Similarity function, float inverse_a,
            float inverse_b) noexcept {
  double sum = 0;
  switch (function) {
    case Similarity::cosine: return dot(a, b) * inverse_a * inverse_b;
    case Similarity::dot: return dot(a, b);
    case Similarity::euclidean:
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += difference * difference;
      }
      return static_cast<float>(-std::sqrt(sum));
    case Similarity::manhattan:
      for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      return static_cast<float>(-sum);
  }
  return 0;
}

}  // namespace bertrt::tasks
