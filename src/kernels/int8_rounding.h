#pragma once

#include <algorithm>
#include <cmath>
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

/// @param greatest  ops::greatest() of a row
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
