#include "engine/packed/relative_bias.h"

#include <string>

#include "bertrt/error.h"
#include "engine/packed/packer.h"
#include "kernels/ops/attention.h"

namespace bertrt::engine::packed {

RelativeBias::RelativeBias(const family::RelativeBiasSpec& spec, std::size_t heads, std::size_t max_length)
    : max_length_(max_length), stride_(2 * max_length - 1 + kernels::ops::kAttentionColumns) {
  const auto& shape = spec.table.tensor.shape;
  const std::int64_t rows = shape.size() == 2 ? shape[0] : 0;
  check_shape(spec.table, {rows, static_cast<std::int64_t>(heads)});
  const std::size_t limit = (spec.rows.size() + 1) / 2;
  if (max_length == 0 || limit < max_length) {
    throw Error(ErrorCode::model_mismatch, spec.table.name,
                "a row for each distance up to " + std::to_string(max_length),
                std::to_string(spec.rows.size()) + " rows");
  }
  const std::vector<float> values = archive::to_float32(spec.table.tensor);
  values_.assign(heads * stride_, 0.0F);
  for (std::size_t i = 0; i < 2 * max_length - 1; ++i) {
    const std::int32_t row = spec.rows[limit - max_length + i];
    if (row < 0 || row >= rows) {
      throw Error(ErrorCode::model_mismatch, spec.table.name, "rows below " + std::to_string(rows),
                  std::to_string(row));
    }
    for (std::size_t head = 0; head < heads; ++head) {
      values_[head * stride_ + i] = values[static_cast<std::size_t>(row) * heads + head];
    }
  }
}

}  // namespace bertrt::engine::packed
