#include "engine/packed/embeddings.h"

#include <algorithm>
#include <string>

#include "bertrt/error.h"
#include "engine/packed/row_pitch.h"

namespace bertrt::engine::packed {
namespace {

std::size_t checked(std::int64_t index, const RowTable& table, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= table.rows()) {
    throw Error(ErrorCode::invalid_argument, what, "0 to " + std::to_string(table.rows() - 1), std::to_string(index));
  }
  return static_cast<std::size_t>(index);
}

// One text's rows, summed; positions by the model's own rule unless the batch brings them.
void embed_text(const Slice& slice, std::size_t text, const EncoderWeights& weights,
                const EncoderDescription& description, float* out) {
  const std::size_t width = weights.words->width();
  const batch::Batch& batch = slice.batch;
  const std::size_t begin = slice.batch_row(text);
  const std::size_t stride = row_pitch(width);
  float* to = out + slice.begin(text) * stride;
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < slice.length(text); ++i, to += stride) {
    const std::size_t row = begin + i;
    std::fill_n(to, width, 0.0F);
    const std::int32_t id = batch.input_ids[row];
    weights.words->add(checked(id, *weights.words, "input_ids"), to);
    if (weights.types.rows() != 0) {
      const bool given = description.takes_token_types && !batch.token_type_ids.empty();
      weights.types.add(checked(given ? batch.token_type_ids[row] : 0, weights.types, "token_type_ids"), to);
    }
    auto position = static_cast<std::int64_t>(i);
    if (!batch.position_ids.empty()) {
      position = batch.position_ids[row];
    } else if (description.offset_positions) {
      position = id == description.pad_token_id ? description.pad_token_id : description.pad_token_id + ++seen;
    }
    weights.positions.add(checked(position, weights.positions, "position_ids"), to);
  }
}

}  // namespace

void embed(const Slice& slice, const EncoderWeights& weights, const EncoderDescription& description,
           kernels::ThreadPool& pool, float* out) {
  // Rows of the vocabulary come from far apart in memory: threads share the waiting.
  pool.run(slice.size(), [&](std::size_t text) { embed_text(slice, text, weights, description, out); });
  weights.embedding_norm.run(out, nullptr, slice.tokens(), row_pitch(weights.words->width()),
                             description.layer_norm_eps, pool);
}

}  // namespace bertrt::engine::packed
