#include "proof/agreement.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace bertrt::proof {

Bound bound_of(OutputRole role, DType dtype) {
  switch (dtype) {
    case DType::fp32: {
      const bool hidden = role == OutputRole::hidden_state || role == OutputRole::pooled_output;
      return {hidden ? 1e-5F : 1e-4F, 0};
    }
    case DType::bf16: return {0, 0.01F};  // twice what was measured
    case DType::int8: return {0, 0.12F};  // likewise
  }
  return {};
}

void Agreement::add(std::span<const float> expected, std::span<const float> found) {
  const auto reject = [&](std::string what) {
    if (first_.empty()) first_ = std::move(what);
  };
  if (expected.size() != found.size()) {
    return reject("rows of " + std::to_string(found.size()) + " values for " + std::to_string(expected.size()));
  }
  float largest = 1;
  for (const float value : expected) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ++values_;
    if (std::isnan(expected[i]) || std::isnan(found[i])) {
      reject("a value that is no number");
    } else if (!std::isfinite(expected[i]) || !std::isfinite(found[i])) {
      if (expected[i] != found[i]) reject("an infinite value in one of the two alone");
    } else {
      const float difference = std::abs(expected[i] - found[i]);
      max_difference_ = std::max(max_difference_, difference);
      max_scaled_ = std::max(max_scaled_, difference / largest);
      if (bound_.absolute != 0) max_share_ = std::max(max_share_, difference / (bound_.absolute * largest));
      squared_error_ += static_cast<double>(difference) * static_cast<double>(difference);
      squared_expected_ += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
    }
  }
}

std::optional<std::string> Agreement::objection() const {
  if (!first_.empty()) return first_;
  if (values_ == 0) return "nothing to compare";
  std::ostringstream out;
  if (max_share_ > 1) {
    out << "a difference of " << max_difference_ << ", " << max_share_ << " times what is allowed";
    return out.str();
  }
  if (bound_.relative == 0) return std::nullopt;
  const double share = squared_error_ == 0 ? 0 : std::sqrt(squared_error_ / squared_expected_);
  if (share <= static_cast<double>(bound_.relative)) return std::nullopt;
  out << "an error of " << share * 100 << " % of the whole, where " << bound_.relative * 100 << " % is allowed";
  return out.str();
}

}  // namespace bertrt::proof
