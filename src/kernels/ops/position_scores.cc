#include "kernels/ops/position_scores.h"

#include <algorithm>

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/position_scores.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ops/multiply-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

static_assert(kPositionPanel % kLanes == 0);

// Keys at a time: their products are turned four by four.
constexpr std::size_t kKeys = kBlock / 4 * 4;

// Neighbouring queries or keys: a block that has fewer rows than its kernel repeats the last one.
struct PositionRows {
  const float* rows;  // the text's first
  std::size_t stride;
  std::size_t first;
  std::size_t count;
  const float* at(std::size_t r) const { return rows + (first + std::min(r, count - 1)) * stride; }
};

// Rows of a packed table, and where their products go.
struct Stretch {
  const float* table;
  std::size_t depth;
  std::size_t first;  // a multiple of kLanes
  std::size_t last;   // one past the end
  float* to;          // [rows, stride]
  std::size_t stride;

  const float* column(std::size_t c) const {
    return table + c / kPositionPanel * kPositionPanel * depth + c % kPositionPanel;
  }
};

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_columns(const float* const* rows, const Stretch& stretch, std::size_t c) {
  const D d;
  V sum[kRows][kVectors];
  const float* table = stretch.column(c);
  const std::size_t apart = kVectors == 1 ? 0 : static_cast<std::size_t>(stretch.column(c + kLanes) - table);
  multiply<kRows, kVectors>(rows, table, apart, kPositionPanel, stretch.depth, sum);
  float* to = stretch.to + (c - stretch.first);
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], d, to + r * stretch.stride + v * kLanes);
  }
}

// Products of at least rows.count rows with a stretch of the table, rounded up to whole vectors.
template <std::size_t kRows = kBlock>
void multiply_stretch(const PositionRows& rows, const Stretch& stretch) {
  if constexpr (kRows > 2) {
    if (rows.count <= kRows - 2) return multiply_stretch<kRows - 2>(rows, stretch);
  }
  const float* at[kRows];
  for (std::size_t r = 0; r < kRows; ++r) at[r] = rows.at(r);
  std::size_t c = stretch.first;
  for (; c + kLanes < stretch.last; c += 2 * kLanes) multiply_columns<kRows, 2>(at, stretch, c);
  if (c < stretch.last) multiply_columns<kRows, 1>(at, stretch, c);
}

std::size_t row_of(const DistanceRows& rows, std::ptrdiff_t distance) {
  return static_cast<std::size_t>(rows.rows[std::clamp(distance, 1 - rows.reach, rows.reach - 1)]);
}

// The stretch that distances from … to fall into.
Stretch stretch_of(const float* table, const PositionTask& task, const DistanceRows& rows, std::ptrdiff_t from,
                   std::ptrdiff_t to, float* line, std::size_t line_stride) {
  const std::size_t first = row_of(rows, from) / kLanes * kLanes;
  return {table, task.head_size, first, row_of(rows, to) + 1, line, line_stride};
}

// to[n] = line[row of distance from + n] for `count` distances; line[0] is of the table's row `first`.
void find(const float* line, std::size_t first, const DistanceRows& rows, std::ptrdiff_t from, std::size_t count,
          float* to) {
  const std::ptrdiff_t end = from + static_cast<std::ptrdiff_t>(count);
  const auto at = [&](std::ptrdiff_t row) { return line[row - static_cast<std::ptrdiff_t>(first)]; };
  std::ptrdiff_t distance = from;
  const auto up_to = [&](std::ptrdiff_t limit) { return std::max<std::ptrdiff_t>(0, std::min(limit, end) - distance); };
  const auto same = [&](std::ptrdiff_t n, std::ptrdiff_t row) {
    if (n == 0) return;
    to = std::fill_n(to, n, at(row));
    distance += n;
  };
  const auto each = [&](std::ptrdiff_t limit) {
    const std::ptrdiff_t n = up_to(limit);
    if (n == 0) return;
    const std::int32_t* row = rows.rows + distance;
    for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = at(row[i]);
    to += n;
    distance += n;
  };
  same(up_to(1 - rows.reach), rows.rows[1 - rows.reach]);
  each(-rows.even);
  if (const std::ptrdiff_t n = up_to(rows.even + 1); n > 0) {
    const float* values = line + (rows.rows[distance] - static_cast<std::ptrdiff_t>(first));
    to = std::copy_n(values, n, to);
    distance += n;
  }
  each(rows.reach);
  same(up_to(end), rows.rows[rows.reach - 1]);
}

// out[i][j + c] += line[c][i] for four keys from j on and `count` rows.
void add_turned(const float* lines, std::size_t line_stride, std::size_t count, float* out, std::size_t stride) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d4;
  const hn::RepartitionToWide<decltype(d4)> d2;
  for (; i + 4 <= count; i += 4) {
    const auto row0 = hn::LoadU(d4, lines + i);
    const auto row1 = hn::LoadU(d4, lines + line_stride + i);
    const auto row2 = hn::LoadU(d4, lines + 2 * line_stride + i);
    const auto row3 = hn::LoadU(d4, lines + 3 * line_stride + i);
    const auto low01 = hn::BitCast(d2, hn::InterleaveLower(d4, row0, row1));
    const auto low23 = hn::BitCast(d2, hn::InterleaveLower(d4, row2, row3));
    const auto high01 = hn::BitCast(d2, hn::InterleaveUpper(d4, row0, row1));
    const auto high23 = hn::BitCast(d2, hn::InterleaveUpper(d4, row2, row3));
    const auto add = [&](std::size_t r, auto values) {
      float* to = out + (i + r) * stride;
      hn::StoreU(hn::Add(hn::LoadU(d4, to), hn::BitCast(d4, values)), d4, to);
    };
    add(0, hn::InterleaveLower(d2, low01, low23));
    add(1, hn::InterleaveUpper(d2, low01, low23));
    add(2, hn::InterleaveLower(d2, high01, high23));
    add(3, hn::InterleaveUpper(d2, high01, high23));
  }
#endif
  for (; i < count; ++i) {
    for (std::size_t c = 0; c < 4; ++c) out[i * stride + c] += lines[c * line_stride + i];
  }
}

void score_queries(const PositionTask& task, float* line, std::size_t line_stride) {
  const std::size_t rows = task.row_end - task.row_begin;
  const std::size_t blocks = (rows + kBlock - 1) / kBlock;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = task.row_begin + rows * block / blocks;
    const std::size_t last = task.row_begin + rows * (block + 1) / blocks;
    const Stretch stretch = stretch_of(task.by_query, task, task.query_rows, 1 - static_cast<std::ptrdiff_t>(last),
                                       static_cast<std::ptrdiff_t>(task.length - 1 - first), line, line_stride);
    multiply_stretch({task.query, task.stride, first, last - first}, stretch);
    for (std::size_t i = first; i < last; ++i) {
      find(line + (i - first) * line_stride, stretch.first, task.query_rows, -static_cast<std::ptrdiff_t>(i),
           task.length, task.out + (i - task.row_begin) * task.out_stride);
    }
  }
}

void score_keys(const PositionTask& task, float* line, std::size_t line_stride, float* columns) {
  const std::size_t rows = task.row_end - task.row_begin;
  const auto row_begin = static_cast<std::ptrdiff_t>(task.row_begin);
  for (std::size_t first = 0; first < task.length; first += kKeys) {
    const std::size_t count = std::min(kKeys, task.length - first);
    const std::size_t last = first + count;
    const Stretch stretch = stretch_of(
        task.by_key, task, task.key_rows, row_begin + 1 - static_cast<std::ptrdiff_t>(last),
        static_cast<std::ptrdiff_t>(task.row_end - 1) - static_cast<std::ptrdiff_t>(first), line, line_stride);
    multiply_stretch({task.key, task.stride, first, count}, stretch);
    for (std::size_t c = 0; c < count; ++c) {
      find(line + c * line_stride, stretch.first, task.key_rows, row_begin - static_cast<std::ptrdiff_t>(first + c),
           rows, columns + c * kPositionRows);
    }
    const std::size_t whole = (count + 3) / 4 * 4;
    std::fill_n(columns + count * kPositionRows, (whole - count) * kPositionRows, 0.0F);
    for (std::size_t c = 0; c < whole; c += 4) {
      add_turned(columns + c * kPositionRows, kPositionRows, rows, task.out + first + c, task.out_stride);
    }
  }
}

void position_scores(const PositionTask& task, float* scratch) {
  // An odd number of panels, so that lines do not compete for the same few sets of a first-level cache.
  const std::size_t line_stride = ((task.table_rows + kPositionPanel - 1) / kPositionPanel | 1U) * kPositionPanel;
  float* columns = scratch + kBlock * line_stride;
  const std::size_t rows = task.row_end - task.row_begin;
  const std::size_t from = task.by_query != nullptr ? task.length : 0;
  for (std::size_t i = 0; i < rows; ++i) {
    float* row = task.out + i * task.out_stride;
    std::fill(row + from, row + task.length + kPositionPanel, 0.0F);
  }
  if (task.by_query != nullptr) score_queries(task, scratch, line_stride);
  if (task.by_key != nullptr) score_keys(task, scratch, line_stride, columns);
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(position_scores)
}

#if HWY_ONCE
namespace bertrt::kernels::ops {

std::size_t packed_positions_size(std::size_t rows, std::size_t head_size) {
  return (rows + kPositionPanel - 1) / kPositionPanel * kPositionPanel * head_size;
}

// [panel][head_size][kPositionPanel]; columns past the last row are zero.
void pack_positions(const float* table, std::ptrdiff_t stride, std::size_t rows, std::size_t head_size, float scale,
                    float* to) {
  for (std::size_t first = 0; first < rows; first += kPositionPanel, to += kPositionPanel * head_size) {
    const std::size_t count = std::min(kPositionPanel, rows - first);
    if (count < kPositionPanel) std::fill_n(to, kPositionPanel * head_size, 0.0F);
    for (std::size_t r = 0; r < count; ++r, table += stride) {
      for (std::size_t k = 0; k < head_size; ++k) to[k * kPositionPanel + r] = scale * table[k];
    }
  }
}

std::size_t position_scratch_size(std::size_t table_rows) {
  constexpr std::size_t kMaxBlock = 12;
  return kMaxBlock *
         ((table_rows + 2 * kPositionPanel) / kPositionPanel * kPositionPanel + kPositionPanel + kPositionRows);
}

void position_scores(const PositionTask& task, float* scratch) { BERTRT_SIMD_CALL(position_scores)(task, scratch); }

}  // namespace bertrt::kernels::ops
#endif
