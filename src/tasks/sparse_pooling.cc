#include "tasks/sparse_pooling.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tasks/softmax.h"

namespace bertrt::tasks {
namespace {

float weight(float logit, bool double_log) {
  const float once = std::log1p(logit > 0 ? logit : 0.0F);
  return double_log ? std::log1p(once) : once;
}

}  // namespace

void SparsePool::add(std::span<const float> logits) {
  const std::size_t width = row_.size();
  for (std::size_t at = 0; at + width <= logits.size(); at += width) {
    const float* values = logits.data() + at;
    for (std::size_t i = 0; i < width; ++i) {
      if (!(values[i] > 0)) continue;
      row_[i] = rule_.sum ? row_[i] + weight(values[i], rule_.double_log) : std::max(row_[i], values[i]);
    }
  }
}

SparseVector SparsePool::take(std::size_t max_active) && {
  SparseVector vector;
  for (std::size_t i = 0; i < row_.size(); ++i) {
    const float value = rule_.sum ? row_[i] : weight(row_[i], rule_.double_log);
    if (value == 0) continue;
    vector.indices.push_back(static_cast<std::int32_t>(i));
    vector.values.push_back(value);
  }
  return keep_greatest(std::move(vector), max_active);
}

SparseVector keep_greatest(SparseVector vector, std::size_t max_active) {
  if (max_active == 0 || vector.values.size() <= max_active) return vector;
  std::vector<std::size_t> best = top_indices(vector.values, max_active);
  std::sort(best.begin(), best.end());
  SparseVector kept;
  for (const std::size_t i : best) {
    kept.indices.push_back(vector.indices[i]);
    kept.values.push_back(vector.values[i]);
  }
  return kept;
}

}  // namespace bertrt::tasks
