#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace bertrt::kernels {

/// How rows become integers from -127 to 127 with a scale each: the greatest magnitude is 127 scales.
inline constexpr float kInt8Max = 127.0F;

/// To nearest even, for |x| < 2^22, without a call: the sum has no bits left below one.
inline float round_even(float x) {
  constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23
  return (x + kMagic) - kMagic;
}

/// The greatest magnitude of a row.
inline float greatest_of(const float* row, std::size_t count) {
  std::array<float, 16> greatest{};  // side by side: many at once
  std::size_t k = 0;
  for (; k + greatest.size() <= count; k += greatest.size()) {
    for (std::size_t i = 0; i < greatest.size(); ++i) {
      const float size = std::abs(row[k + i]);
      greatest[i] = greatest[i] < size ? size : greatest[i];
    }
  }
  for (; k < count; ++k) greatest[0] = std::max(greatest[0], std::abs(row[k]));
  return *std::max_element(greatest.begin(), greatest.end());
}

inline float scale_of(float greatest) { return greatest / kInt8Max; }
inline float inverse_of(float scale) { return scale > 0 ? 1.0F / scale : 0.0F; }

inline std::int8_t to_int8(float value, float inverse) {
  const float rounded = std::clamp(round_even(value * inverse), -kInt8Max, kInt8Max);
  return static_cast<std::int8_t>(static_cast<std::int32_t>(rounded));
}

}  // namespace bertrt::kernels
