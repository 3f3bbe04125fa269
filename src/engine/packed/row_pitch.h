#pragma once

#include <cstddef>

namespace bertrt::engine::packed {

/// How far apart rows of so many fp32 values are kept between the layers: an odd number of cache lines, so that the
/// rows that one tile writes do not compete for the same few sets of a first-level cache.
constexpr std::size_t row_pitch(std::size_t width) noexcept {
  constexpr std::size_t kLine = 64 / sizeof(float);
  return ((width + kLine - 1) / kLine | 1) * kLine;
}

}  // namespace bertrt::engine::packed
