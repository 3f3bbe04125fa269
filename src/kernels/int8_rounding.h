#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace bertrt::kernels {

/// How rows become integers from -127 to 127 with a scale each: the greatest magnitude is 127 scales. The scale of a
/// row with a value that is no finite number is none either.
inline constexpr float kInt8Max = 127.0F;

/// To nearest even, for |x| < 2^22, without a call: the sum has no bits left below one.
inline float round_even(float x) {
  constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23
  return (x + kMagic) - kMagic;
}

/// The greatest magnitude of a row; NaN, which is above infinity, where it holds one.
inline float greatest_of(const float* row, std::size_t count) {
  // By their bits, which are ordered as magnitudes are; side by side: many at once.
  const auto bits = [&](std::size_t k) { return std::bit_cast<std::int32_t>(row[k]) & 0x7FFFFFFF; };
  std::array<std::int32_t, 16> greatest{};
  std::size_t k = 0;
  for (; k + greatest.size() <= count; k += greatest.size()) {
    for (std::size_t i = 0; i < greatest.size(); ++i) greatest[i] = std::max(greatest[i], bits(k + i));
  }
  for (; k < count; ++k) greatest[0] = std::max(greatest[0], bits(k));
  return std::bit_cast<float>(*std::max_element(greatest.begin(), greatest.end()));
}

inline float scale_of(float greatest) {
  return std::isfinite(greatest) ? greatest / kInt8Max : std::numeric_limits<float>::quiet_NaN();
}

/// 0, by which all values become 0, where the scale is 0, next to it, or no number.
inline float inverse_of(float scale) {
  const float inverse = 1.0F / scale;
  return std::isfinite(inverse) ? inverse : 0.0F;
}

inline std::int8_t to_int8(float value, float inverse) {
  if (inverse == 0) return 0;
  const float rounded = std::clamp(round_even(value * inverse), -kInt8Max, kInt8Max);
  return static_cast<std::int8_t>(static_cast<std::int32_t>(rounded));
}

}  // namespace bertrt::kernels
