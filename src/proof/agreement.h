#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "bertrt/options.h"
#include "bertrt/output.h"

namespace bertrt::proof {

/// How far an output may be from the reference.
///
/// fp32: each value by `absolute` times max(1, the largest finite value of its row), because kernels for other shapes
/// and instruction sets add in another order: 3.4e-6 was measured in hidden states, 1.5e-5 in logits. The lower dtypes:
/// the error's share of the whole, root of the sum of squares against the same of the expected values; it grows with a
/// wrong scale as with a wrong direction. docs/benchmarks-session.md has what real models show.
struct Bound {
  float absolute = 0;  ///< 0: not bounded so
  float relative = 0;  ///< 0: not bounded so
};
Bound bound_of(OutputRole role, DType dtype);

/// Collects rows of one output and says whether they agree. What could not be compared is no agreement.
class Agreement {
 public:
  explicit Agreement(Bound bound) : bound_(bound) {}

  /// Rows of one size, or they do not agree. Infinities have to stand in place; a value that is no number agrees with
  /// nothing.
  void add(std::span<const float> expected, std::span<const float> found);

  /// Why the two are not equal; nothing: they are, and at least one value was compared.
  std::optional<std::string> objection() const;

  std::size_t values() const noexcept { return values_; }
  /// The largest difference of a pair of finite values.
  float max_difference() const noexcept { return max_difference_; }
  /// The same, each by max(1, the largest finite value of its row).
  float max_scaled() const noexcept { return max_scaled_; }

 private:
  Bound bound_;
  std::size_t values_ = 0;
  float max_difference_ = 0;
  float max_scaled_ = 0;
  float max_share_ = 0;  ///< of what the bound allows
  double squared_error_ = 0;
  double squared_expected_ = 0;
  std::string first_;  ///< the first thing that cannot agree
};

}  // namespace bertrt::proof
