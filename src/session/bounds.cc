#include "session/bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace bertrt::session {

Bounds verify_bounds(DType dtype) {
  switch (dtype) {
    case DType::fp32: return {1e-5F, 1e-4F, 0};
    case DType::bf16: return {0, 0, 0.01F};  // twice what was measured
    case DType::int8: return {0, 0, 0.12F};  // likewise
  }
  return {};
}

Bounds proof_bounds(DType dtype) {
  if (dtype == DType::fp32) return {1e-4F, 1e-3F, 0};
  return verify_bounds(dtype);
}

void Difference::add(std::span<const float> expected, std::span<const float> found) {
  float scale = 1;
  for (const float value : expected) {
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ++values_;
    if (expected[i] == found[i]) {  // an infinity in its place, too
      if (std::isfinite(expected[i])) squared_expected_ += static_cast<double>(expected[i]) * expected[i];
      continue;
    }
    float difference = std::abs(expected[i] - found[i]);
    if (std::isnan(difference)) difference = std::numeric_limits<float>::infinity();
    max_ = std::max(max_, difference);
    scaled_ = std::max(scaled_, difference / scale);
    squared_error_ += static_cast<double>(difference) * difference;
    squared_expected_ += static_cast<double>(expected[i]) * expected[i];
  }
}

double Difference::relative() const noexcept {
  if (squared_error_ == 0) return 0;
  const double share = std::sqrt(squared_error_ / squared_expected_);
  return std::isnan(share) ? std::numeric_limits<double>::infinity() : share;
}

bool Difference::within(float absolute, float relative_bound) const noexcept {
  const bool close = absolute == 0 || scaled_ <= absolute;
  return values_ > 0 && std::isfinite(max_) && close &&
         (relative_bound == 0 || relative() <= static_cast<double>(relative_bound));
}

std::string Difference::text() const {
  std::ostringstream out;
  out << "a difference of " << max_ << " (" << relative() * 100 << " % of the whole)";
  return out.str();
}

}  // namespace bertrt::session
