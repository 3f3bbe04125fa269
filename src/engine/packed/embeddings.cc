#include "engine/packed/embeddings.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "bertrt/error.h"
#include "engine/packed/row_pitch.h"

namespace bertrt::engine::packed {
namespace {

using family::PositionScheme;

std::size_t checked(std::int64_t index, const RowTable& table, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= table.rows()) {
    throw Error(ErrorCode::invalid_argument, what, "0 to " + std::to_string(table.rows() - 1), std::to_string(index));
  }
  return static_cast<std::size_t>(index);
}

// What the rows of a text's words are multiplied with, but for those of the token that is dropped.
float dropped_scale(const Slice& slice, std::size_t text, const EmbeddingWeights& weights) {
  const family::DroppedToken& dropped = *weights.dropped;
  const batch::Batch& batch = slice.batch;
  const auto begin = static_cast<std::ptrdiff_t>(slice.batch_row(text));
  const auto end = begin + static_cast<std::ptrdiff_t>(slice.length(text));
  const auto count = static_cast<float>(std::count(batch.input_ids.begin() + begin, batch.input_ids.begin() + end,
                                                   static_cast<std::int32_t>(dropped.id)));
  auto tokens = static_cast<float>(slice.length(text));
  if (weights.takes_mask && !batch.attention_mask.empty()) {
    tokens = static_cast<float>(
        std::accumulate(batch.attention_mask.begin() + begin, batch.attention_mask.begin() + end, std::int64_t{0}));
  }
  if (count == tokens) {
    throw Error(ErrorCode::invalid_argument, "input_ids", "a text of other tokens than masks alone",
                std::to_string(slice.length(text)) + " tokens, as many masks as its attention_mask has ones");
  }
  return dropped.kept / (1 - count / tokens);
}

// One text's rows, summed; positions by the model's own rule unless the batch brings them.
void embed_text(const Slice& slice, std::size_t text, const EmbeddingWeights& weights, float* out) {
  const std::size_t width = weights.words->width();
  const batch::Batch& batch = slice.batch;
  const std::size_t begin = slice.batch_row(text);
  const std::size_t stride = row_pitch(width);
  const bool types_given = weights.takes_types && !batch.token_type_ids.empty();
  float* to = out + slice.begin(text) * stride;
  std::int64_t seen = 0;
  const float scale = weights.scale * (weights.dropped ? dropped_scale(slice, text, weights) : 1);
  for (std::size_t i = 0; i < slice.length(text); ++i, to += stride) {
    const std::size_t row = begin + i;
    std::fill_n(to, width, 0.0F);
    const std::int32_t id = batch.input_ids[row];
    weights.words->add(checked(id, *weights.words, "input_ids"), to);
    if (weights.dropped || weights.scale != 1) {
      const float factor = weights.dropped && id == weights.dropped->id ? 0 : scale;
      std::transform(to, to + width, to, [factor](float value) { return value * factor; });
    }
    if (weights.types != nullptr) {
      const std::int64_t type = types_given ? batch.token_type_ids[row] : weights.fixed_type;
      weights.types->add(checked(type, *weights.types, "token_type_ids"), to);
    }
    if (weights.positions == nullptr) continue;
    std::int64_t position = weights.first_position + static_cast<std::int64_t>(i);
    if (!batch.position_ids.empty()) {
      position = batch.position_ids[row];
    } else if (weights.position_scheme == PositionScheme::counted) {
      position = id == weights.padding_id ? weights.padding_id : weights.padding_id + ++seen;
    }
    weights.positions->add(checked(position, *weights.positions, "position_ids"), to);
  }
}

}  // namespace

void embed(const Slice& slice, const EmbeddingWeights& weights, bool takes_positions, kernels::ThreadPool& pool,
           float* out) {
  if (weights.positions == nullptr && !takes_positions && !slice.batch.position_ids.empty()) {
    throw Error(ErrorCode::invalid_argument, "position_ids", "none: the model has no table of positions", "some");
  }
  // Rows of the vocabulary come from far apart in memory: threads share the waiting.
  pool.run(slice.size(), [&](std::size_t text) { embed_text(slice, text, weights, out); });
  if (weights.norm && !weights.norm_last) {
    weights.norm->run(out, nullptr, slice.tokens(), row_pitch(weights.words->width()), pool);
  }
}

}  // namespace bertrt::engine::packed
