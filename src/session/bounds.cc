#include "session/bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace bertrt::session {

Bounds verify_bounds(DType dtype) {
  switch (dtype) {
    case DType::fp32: return {1e-5F, 1e-4F, 0};
    case DType::bf16: return {0, 0, 0.999F};
    case DType::int8: return {0, 0, 0.98F};
  }
  return {};
}

Bounds proof_bounds(DType dtype) {
  if (dtype == DType::fp32) return {1e-4F, 1e-3F, 0};
  return verify_bounds(dtype);
}

void Difference::add(std::span<const float> expected, std::span<const float> found) {
  double dot = 0;
  double norm_expected = 0;
  double norm_found = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float difference = std::abs(expected[i] - found[i]);
    max_ = std::isnan(difference) ? std::numeric_limits<float>::infinity() : std::max(max_, difference);
    scale_ = std::max(scale_, std::abs(expected[i]));
    dot += static_cast<double>(expected[i]) * found[i];
    norm_expected += static_cast<double>(expected[i]) * expected[i];
    norm_found += static_cast<double>(found[i]) * found[i];
  }
  const double norms = std::sqrt(norm_expected * norm_found);
  cosines_ += norms > 0 ? dot / norms : (norm_expected == norm_found ? 1.0 : 0.0);
  ++rows_;
}

bool Difference::within(float absolute, float cosine) const noexcept {
  const bool close = absolute == 0 || max_ <= absolute * scale_;
  const bool aligned = cosine == 0 || mean_cosine() >= static_cast<double>(cosine);
  return close && aligned;
}

std::string Difference::text() const {
  std::ostringstream out;
  out << "a difference of " << max_ << " (mean cosine " << mean_cosine() << ")";
  return out.str();
}

}  // namespace bertrt::session
