#include "engine/packed/relative_bias.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertrt/error.h"
#include "engine/packed/packer.h"
#include "kernels/ops/attention.h"

namespace bertrt::engine::packed {

std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t max_distance) {
  const std::size_t half = buckets / 2;
  const std::size_t first = distance > 0 ? half : 0;
  const auto far = static_cast<std::size_t>(std::abs(distance));
  const std::size_t exact = half / 2;
  if (far < exact) return first + far;
  // In fp32 and in this order, as the models compute it: the borders between buckets depend on the rounding.
  const float scaled = std::log(static_cast<float>(far) / static_cast<float>(exact)) /
                       static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact))) *
                       static_cast<float>(half - exact);
  return first + std::min(half - 1, exact + static_cast<std::size_t>(scaled));
}

RelativeBias::RelativeBias(const family::RelativeBiasSpec& spec, std::size_t heads, std::size_t max_length)
    : max_length_(max_length), stride_(2 * max_length - 1 + kernels::ops::kAttentionColumns) {
  if (spec.buckets < 4 || spec.buckets % 2 != 0 || spec.max_distance <= spec.buckets / 4 ||
      spec.max_distance > (std::size_t{1} << 24)) {
    throw Error(ErrorCode::model_mismatch, spec.table.name,
                "an even number of buckets, a longest distance above theirs",
                std::to_string(spec.buckets) + " buckets up to " + std::to_string(spec.max_distance));
  }
  const auto& shape = spec.table.tensor.shape;
  const std::int64_t rows = shape.size() == 2 ? shape[0] : 0;
  check_shape(spec.table, {std::max(rows, static_cast<std::int64_t>(spec.buckets)), static_cast<std::int64_t>(heads)});
  const std::vector<float> by_bucket = archive::to_float32(spec.table.tensor);
  values_.assign(heads * stride_, 0.0F);
  for (std::size_t i = 0; i < 2 * max_length - 1; ++i) {
    const std::size_t bucket = relative_bucket(
        static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(max_length - 1), spec.buckets, spec.max_distance);
    for (std::size_t head = 0; head < heads; ++head) values_[head * stride_ + i] = by_bucket[bucket * heads + head];
  }
}

}  // namespace bertrt::engine::packed
