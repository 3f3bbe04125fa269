#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "bertrt/options.h"

namespace bertrt::session {

/// How far numbers may be from the reference.
///
/// fp32 is bounded absolutely (times the row's largest finite value where that is above 1), because kernels for other
/// shapes and instruction sets add in another order: 3.4e-6 and 1.5e-5 were measured. The lower dtypes are bounded by
/// the error's share of the whole, root of the sum of squares against the same of the expected values: it grows with
/// a wrong scale as with a wrong direction, and small values do not make it jump. docs/benchmarks-session.md has what
/// was measured on real models, and on the same models with one weight broken.
struct Bounds {
  float hidden = 0;    ///< absolute; 0: not bounded so
  float logits = 0;    ///< absolute; 0: not bounded so
  float relative = 0;  ///< the error's share of the whole; 0: not bounded so
};

/// What `verify` calls ok, and what a self-test at load must be within.
Bounds verify_bounds(DType dtype);
/// What makes the packed engine good enough for `automatic`: a wrong forward pass is off by far more.
Bounds proof_bounds(DType dtype);

/// Collects differences of rows from their expected values.
class Difference {
 public:
  /// Both of one size; a row each. Infinities must stand in both; what is not a number is infinitely far.
  void add(std::span<const float> expected, std::span<const float> found);

  std::size_t values() const noexcept { return values_; }
  float max() const noexcept { return max_; }
  float scaled() const noexcept { return scaled_; }  ///< by max(1, the row's largest finite value)
  double relative() const noexcept;
  /// Within an absolute bound (0: none) and a relative one (0: none). Where nothing was compared, nothing is within.
  bool within(float absolute, float relative_bound) const noexcept;
  std::string text() const;

 private:
  std::size_t values_ = 0;
  float max_ = 0;     ///< absolute
  float scaled_ = 0;  ///< the same by its row's scale
  double squared_error_ = 0;
  double squared_expected_ = 0;
};

}  // namespace bertrt::session
