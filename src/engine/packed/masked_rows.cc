#include "engine/packed/masked_rows.h"

#include <algorithm>

namespace bertrt::engine::packed {

void zero_masked(const Slice& slice, float* rows, std::size_t stride, std::size_t width) {
  if (slice.batch.attention_mask.empty()) return;
  for (std::size_t text = 0; text < slice.size(); ++text) {
    const auto* mask = slice.batch.attention_mask.data() + slice.batch_row(text);
    float* row = rows + slice.begin(text) * stride;
    for (std::size_t i = 0; i < slice.length(text); ++i, row += stride) {
      if (mask[i] == 0) std::fill_n(row, width, 0.0F);
    }
  }
}

}  // namespace bertrt::engine::packed
