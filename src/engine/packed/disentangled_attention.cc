#include "engine/packed/disentangled_attention.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/norm.h"
#include "engine/packed/packer.h"
#include "kernels/linear.h"

namespace bertrt::engine::packed {
namespace {

using kernels::ops::kPositionPanel;
using kernels::ops::kPositionRows;

std::size_t up(std::size_t n) {
  return (n + kernels::ops::kAttentionColumns - 1) / kernels::ops::kAttentionColumns * kernels::ops::kAttentionColumns;
}

// Of a row of position scores: attention reads whole vectors, and an odd number of cache lines spreads the rows.
std::size_t score_stride(std::size_t length) { return up(length) + kernels::ops::kAttentionColumns + kPositionPanel; }

}  // namespace

DisentangledAttention::DisentangledAttention(const family::EncoderSpec& spec, kernels::ThreadPool& pool)
    : hidden_(spec.hidden), heads_(spec.heads), pairs_(spec.mask == family::MaskKind::pairs) {
  layers_.resize(spec.layers.size());
  if (spec.disentangled) read_disentangled(spec, pool);
  for (std::size_t i = 0; !spec.disentangled && i < layers_.size(); ++i) {
    if (spec.layers[i].distances) read_distances(*spec.layers[i].distances, layers_[i]);
  }
}

void DisentangledAttention::read_disentangled(const family::EncoderSpec& spec, kernels::ThreadPool& pool) {
  const family::DisentangledSpec& from = *spec.disentangled;
  const auto& shape = from.table.tensor.shape;
  const std::int64_t rows = shape.size() == 2 ? shape[0] : 0;
  check_shape(from.table, {rows, static_cast<std::int64_t>(hidden_)});
  table_rows_ = static_cast<std::size_t>(rows);
  read_rows(from.rows, from.table.name);

  std::vector<float> table = archive::to_float32(from.table.tensor);
  if (from.norm) norm_of(*from.norm, hidden_).run(table.data(), nullptr, table_rows_, hidden_, pool);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const family::LayerSpec& layer = spec.layers[i];
    if (layer.position_key) project(table, *layer.position_key, layer.scale, true, pool, layers_[i].by_query);
    if (layer.position_query) project(table, *layer.position_query, layer.scale, false, pool, layers_[i].by_key);
  }
}

// A table that heads share, as it stands: a row for each distance.
void DisentangledAttention::read_distances(const family::DistanceSpec& spec, Layer& to) {
  const std::size_t head_size = hidden_ / heads_;
  const auto& shape = spec.table.tensor.shape;
  const std::size_t rows = shape.size() == 2 && shape[0] > 0 ? static_cast<std::size_t>(shape[0]) : 0;
  check_shape(spec.table, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(head_size)});
  if (!std::isfinite(spec.scale) || (table_rows_ != 0 && table_rows_ != rows)) {
    throw Error(ErrorCode::model_mismatch, spec.table.name, "a finite scale, and as many distances as in other layers",
                std::to_string(spec.scale) + " and " + std::to_string(rows));
  }
  if (table_rows_ == 0) {
    heads_share_ = true;
    table_rows_ = rows;
    std::vector<std::int32_t> every(rows);
    std::iota(every.begin(), every.end(), 0);
    read_rows(every, spec.table.name);
  }
  const std::vector<float> table = archive::to_float32(spec.table.tensor);
  const auto stride = static_cast<std::ptrdiff_t>(head_size);
  const auto pack = [&](const float* first, std::ptrdiff_t step, kernels::AlignedBuffer& buffer) {
    const std::size_t size = kernels::ops::packed_positions_size(rows, head_size);
    auto* packed = reinterpret_cast<float*>(buffer.reserve(size * sizeof(float)));
    kernels::ops::pack_positions(first, step, rows, head_size, spec.scale, packed);
  };
  pack(table.data() + (rows - 1) * head_size, -stride, to.by_query);
  if (spec.by_key) pack(table.data(), stride, to.by_key);
}

void DisentangledAttention::read_rows(const std::vector<std::int32_t>& rows, const std::string& name) {
  const auto table_rows = static_cast<std::int32_t>(table_rows_);
  bool good = rows.size() % 2 == 1 && std::is_sorted(rows.begin(), rows.end());
  good = good && rows.front() >= 0 && rows.back() < table_rows;
  if (!good) {
    throw Error(ErrorCode::model_mismatch, name,
                "a row below " + std::to_string(table_rows) + " for each distance, never descending",
                std::to_string(rows.size()) + " others");
  }
  key_rows_ = rows;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) query_rows_.push_back(table_rows - 1 - *row);
  reach_ = static_cast<std::ptrdiff_t>((rows.size() + 1) / 2);
  const auto step = [&](std::ptrdiff_t distance) {  // from the distance before
    const auto at = static_cast<std::size_t>(distance + reach_ - 1);
    return rows[at] - rows[at - 1];
  };
  while (even_ + 1 < reach_ && step(even_ + 1) == 1 && step(-even_) == 1) ++even_;
}

void DisentangledAttention::project(const std::vector<float>& table, const family::Dense& dense, float scale,
                                    bool reversed, kernels::ThreadPool& pool, kernels::AlignedBuffer& to) const {
  const auto width = static_cast<std::int64_t>(hidden_);
  check_shape(dense.weight, {width, width});
  const std::vector<float> weight = archive::to_float32(dense.weight.tensor);
  const std::vector<float> bias = dense.bias ? vector_of(*dense.bias, hidden_) : std::vector<float>();
  const auto linear = kernels::Linear::pack(weight, bias, hidden_, hidden_, DType::fp32);
  std::vector<float> rows(table_rows_ * hidden_);
  kernels::Scratch scratch;
  linear->run(table.data(), table_rows_, rows.data(), {}, pool, scratch);

  const std::size_t head_size = hidden_ / heads_;
  const std::size_t size = kernels::ops::packed_positions_size(table_rows_, head_size);
  auto* packed = reinterpret_cast<float*>(to.reserve(heads_ * size * sizeof(float)));
  const auto stride = static_cast<std::ptrdiff_t>(hidden_);
  const float* first = reversed ? rows.data() + (table_rows_ - 1) * hidden_ : rows.data();
  for (std::size_t head = 0; head < heads_; ++head) {
    kernels::ops::pack_positions(first + head * head_size, reversed ? -stride : stride, table_rows_, head_size, scale,
                                 packed + head * size);
  }
}

const float* DisentangledAttention::table_of(const kernels::AlignedBuffer& tables, std::size_t head) const {
  if (tables.size() == 0) return nullptr;
  if (heads_share_) head = 0;
  return reinterpret_cast<const float*>(tables.data()) +
         head * kernels::ops::packed_positions_size(table_rows_, hidden_ / heads_);
}

std::size_t DisentangledAttention::scratch_size(std::size_t length, const kernels::ops::AttentionKernel& kernel) const {
  return up(kernel.scratch_size(length, hidden_ / heads_)) +
         std::min(up(length), kPositionRows) * score_stride(length) + kernels::ops::position_scratch_size(table_rows_);
}

void DisentangledAttention::attend(const kernels::ops::AttentionTask& task, std::size_t layer, std::size_t head,
                                   const kernels::ops::AttentionKernel& kernel, float* scratch) const {
  kernels::ops::PositionTask positions;
  positions.query = task.query;
  positions.key = task.key;
  positions.stride = task.stride;
  positions.length = task.length;
  positions.head_size = task.head_size;
  positions.table_rows = table_rows_;
  positions.by_query = table_of(layers_[layer].by_query, head);
  positions.by_key = table_of(layers_[layer].by_key, head);
  if (positions.by_query != nullptr || positions.by_key != nullptr) {
    positions.query_rows = {query_rows_.data() + (reach_ - 1), reach_, even_};
    positions.key_rows = {key_rows_.data() + (reach_ - 1), reach_, even_};
    attend_stretches(task, positions, kernel, scratch);
  } else {
    kernel.run(task, scratch);
  }

  if (task.mask == nullptr || !pairs_) return;
  kernels::ops::AttentionTask alone = task;
  alone.mask = nullptr;
  alone.scale = 0;
  for (std::size_t row = task.row_begin; row < task.row_end; ++row) {
    if (task.mask[row] != 0) continue;
    alone.row_begin = row;
    alone.row_end = row + 1;
    kernel.run(alone, scratch);
  }
}

// A stretch of rows at a time, so that their scores stay in the second-level cache.
void DisentangledAttention::attend_stretches(kernels::ops::AttentionTask task, kernels::ops::PositionTask positions,
                                             const kernels::ops::AttentionKernel& kernel, float* scratch) {
  float* scores = scratch + up(kernel.scratch_size(task.length, task.head_size));
  const std::size_t stride = score_stride(task.length);
  positions.out = scores;
  positions.out_stride = stride;
  task.bias_stride = static_cast<std::ptrdiff_t>(stride);
  const std::size_t begin = task.row_begin;
  const std::size_t rows = task.row_end - begin;
  const std::size_t parts = (rows + kPositionRows - 1) / kPositionRows;
  for (std::size_t part = 0; part < parts; ++part) {
    task.row_begin = positions.row_begin = begin + rows * part / parts;
    task.row_end = positions.row_end = begin + rows * (part + 1) / parts;
    kernels::ops::position_scores(positions, scores + std::min(up(task.length), kPositionRows) * stride);
    // Its rows are numbered as the text's.
    task.bias = scores - static_cast<std::ptrdiff_t>(task.row_begin) * task.bias_stride;
    kernel.run(task, scratch);
  }
}

}  // namespace bertrt::engine::packed
