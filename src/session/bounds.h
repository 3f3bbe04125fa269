#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "bertrt/session.h"

namespace bertrt::session {

/// How far numbers may be from the reference. fp32 is bounded absolutely (times the largest expected value where
/// that is above 1), because kernels for other shapes and instruction sets add in another order: 3.4e-6 and 1.5e-5
/// were measured. The lower dtypes are bounded by the mean cosine of the rows: an absolute bound says little there.
struct Bounds {
  float hidden = 0;  ///< absolute; 0: not bounded so
  float logits = 0;  ///< absolute; 0: not bounded so
  float cosine = 0;  ///< of rows, mean over the rows; 0: not bounded so
};

/// What `verify` calls ok.
Bounds verify_bounds(DType dtype);
/// What makes the packed engine good enough for `automatic`: a wrong forward pass is off by far more.
Bounds proof_bounds(DType dtype);

/// Collects differences of rows from their expected values.
class Difference {
 public:
  /// Both of one size; a row each. NaN counts as infinitely far.
  void add(std::span<const float> expected, std::span<const float> found);

  float max() const noexcept { return max_; }
  double mean_cosine() const noexcept { return rows_ == 0 ? 1.0 : cosines_ / static_cast<double>(rows_); }
  /// Within an absolute bound (0: none) and a cosine's (0: none).
  bool within(float absolute, float cosine) const noexcept;
  std::string text() const;

 private:
  float max_ = 0;
  float scale_ = 1;
  double cosines_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace bertrt::session
