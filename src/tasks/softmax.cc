#include "tasks/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace bertrt::tasks {

Softmax::Softmax(std::span<const float> logits) : logits_(logits) {
  if (logits.empty()) return;
  largest_ = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  for (const float value : logits) sum_ += std::exp(static_cast<double>(value) - largest_);
}

float Softmax::probability(std::size_t index) const {
  return static_cast<float>(std::exp(static_cast<double>(logits_[index]) - largest_) / sum_);
}

std::vector<std::size_t> top_indices(std::span<const float> values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  // NaN stands last: compared as itself it would be no order at all.
  const auto key = [&](std::size_t index) {
    return std::isnan(values[index]) ? -std::numeric_limits<float>::infinity() : values[index];
  };
  const auto better = [&](std::size_t a, std::size_t b) { return key(a) > key(b) || (key(a) == key(b) && a < b); };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), better);
  order.resize(count);
  return order;
}

}  // namespace bertrt::tasks
