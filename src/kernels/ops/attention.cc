#include "kernels/ops/attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/attention.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ops/exp-inl.h"
#include "kernels/ops/multiply-inl.h"
#include "kernels/ops/online_softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

constexpr std::size_t kColumns = 2 * kLanes;  // two vectors side by side are worked on at a time
// Keys that are packed and scored at a time: with their values they fill half of a second-level cache of 512 KB at a
// head size of 64, and a block's scores stay in the first-level one.
constexpr std::size_t kKeyBlock = 512;
// Up to this length values are read where they lie: packing them would cost more than the strides do.
constexpr std::size_t kPackValuesFrom = 33;

static_assert(kColumns <= kAttentionColumns && kKeyBlock % kAttentionColumns == 0);

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

#if HWY_TARGET != HWY_SCALAR
// Four keys' columns of a panel, transposed 4 x 4 at a time.
HWY_INLINE void pack_four_keys(const AttentionTask& task, std::size_t first, float* to) {
  const hn::FixedTag<float, 4> d4;
  const hn::RepartitionToWide<decltype(d4)> d2;
  const float* key = task.key + first * task.stride;
  std::size_t k = 0;
  for (; k + 4 <= task.head_size; k += 4) {
    const auto row0 = hn::LoadU(d4, key + k);
    const auto row1 = hn::LoadU(d4, key + task.stride + k);
    const auto row2 = hn::LoadU(d4, key + 2 * task.stride + k);
    const auto row3 = hn::LoadU(d4, key + 3 * task.stride + k);
    const auto low01 = hn::BitCast(d2, hn::InterleaveLower(d4, row0, row1));
    const auto low23 = hn::BitCast(d2, hn::InterleaveLower(d4, row2, row3));
    const auto high01 = hn::BitCast(d2, hn::InterleaveUpper(d4, row0, row1));
    const auto high23 = hn::BitCast(d2, hn::InterleaveUpper(d4, row2, row3));
    float* out = to + k * kLanes;
    hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, low01, low23)), d4, out);
    hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, low01, low23)), d4, out + kLanes);
    hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, high01, high23)), d4, out + 2 * kLanes);
    hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, high01, high23)), d4, out + 3 * kLanes);
  }
  for (; k < task.head_size; ++k) {
    for (std::size_t i = 0; i < 4; ++i) to[k * kLanes + i] = key[i * task.stride + k];
  }
}
#endif

// Keys from begin to end as panels [panel][head_size][kLanes]; columns past the end are zero.
void pack_keys(const AttentionTask& task, std::size_t begin, std::size_t end, float* to) {
  for (std::size_t first = begin; first < end; first += kLanes, to += task.head_size * kLanes) {
    const std::size_t columns = std::min(kLanes, end - first);
    if (columns < kLanes) std::fill_n(to, task.head_size * kLanes, 0.0F);
    std::size_t c = 0;
#if HWY_TARGET != HWY_SCALAR
    for (; c + 4 <= columns; c += 4) pack_four_keys(task, first + c, to + c);
#endif
    for (; c < columns; ++c) {
      const float* key = task.key + (first + c) * task.stride;
      for (std::size_t k = 0; k < task.head_size; ++k) to[k * kLanes + c] = key[k];
    }
  }
}

// Their values as panels [panel][token][kColumns]; columns past the head's size are zero.
void pack_values(const AttentionTask& task, std::size_t begin, std::size_t end, float* to) {
  for (std::size_t first = 0; first < task.head_size; first += kColumns) {
    const std::size_t columns = std::min(kColumns, task.head_size - first);
    for (std::size_t j = begin; j < end; ++j, to += kColumns) {
      const float* value = task.value + j * task.stride + first;
      if (columns == kColumns) {
        std::memcpy(to, value, sizeof(float) * kColumns);
      } else {
        std::fill(std::copy_n(value, columns, to), to + kColumns, 0.0F);
      }
    }
  }
}

// Some neighbouring keys of a text, packed.
struct Packed {
  std::size_t first;
  std::size_t count;
  const float* keys;
  const float* values;
  std::size_t value_step;   // from one token's values to the next
  std::size_t value_apart;  // from one pair of vectors of a token's values to the next
  const float* hidden;      // [columns]: 0, or the lowest number for a key that is masked or past the end
  float* scores;            // [kBlock, columns]
  std::size_t columns;      // count, rounded up to whole vectors
  SeenRows seen;            // by row from row_begin on

  bool opens() const { return first == 0; }
  Seen seen_by(const AttentionTask& task, std::size_t row) const {
    return seen.at(row - task.row_begin, opens(), first + count == task.length);
  }
};

// Some query rows: a block that has fewer than its kernel repeats the last one.
struct Rows {
  std::size_t first;
  std::size_t count;
  std::size_t at(std::size_t r) const { return first + std::min(r, count - 1); }
};

// Scores against kVectors vectors of keys from column j on; keeps each row's highest.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void score_columns(const AttentionTask& task, const Packed& packed, const Rows& rows,
                              const float* const* queries, std::size_t j, V (&highest)[kRows]) {
  const D d;
  const V scale = hn::Set(d, task.scale);
  V sum[kRows][kVectors];
  multiply<kRows, kVectors>(queries, packed.keys + j * task.head_size, task.head_size * kLanes, kLanes, task.head_size,
                            sum);
#pragma GCC unroll 2
  for (std::size_t v = 0; v < kVectors; ++v) {
    const std::size_t column = j + v * kLanes;
    const V hidden = hn::Load(d, packed.hidden + column);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      V score = sum[r][v];
      if (task.bias != nullptr) {
        const float* bias = task.bias + (static_cast<std::ptrdiff_t>(packed.first + column) +
                                         static_cast<std::ptrdiff_t>(rows.at(r)) * task.bias_stride);
        score = hn::MulAdd(score, scale, hn::LoadU(d, bias));
        score = hn::Add(score, hidden);
      } else {
        score = hn::MulAdd(score, scale, hidden);  // the lowest number swallows any finite score
      }
      hn::Store(score, d, packed.scores + r * packed.columns + column);
      highest[r] = hn::Max(highest[r], score);
    }
  }
}

// exp(score - top) in place of a row's scores. @param top  in every lane  @return their sum
HWY_INLINE float weigh(float* scores, std::size_t columns, V top) {
  const D d;
  V sum0 = hn::Zero(d);
  V sum1 = hn::Zero(d);
  std::size_t j = 0;
  for (; j + kColumns <= columns; j += kColumns) {
    const V e0 = exp_negative(d, hn::Sub(hn::Load(d, scores + j), top));
    const V e1 = exp_negative(d, hn::Sub(hn::Load(d, scores + j + kLanes), top));
    hn::Store(e0, d, scores + j);
    hn::Store(e1, d, scores + j + kLanes);
    sum0 = hn::Add(sum0, e0);
    sum1 = hn::Add(sum1, e1);
  }
  if (j < columns) {
    const V e0 = exp_negative(d, hn::Sub(hn::Load(d, scores + j), top));
    hn::Store(e0, d, scores + j);
    sum0 = hn::Add(sum0, e0);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

template <std::size_t kRows>
HWY_INLINE void mix_values(const AttentionTask& task, const Packed& packed, const Rows& rows, const Mix* mixes) {
  const D d;
  const float* weights[kRows];
  for (std::size_t r = 0; r < kRows; ++r) weights[r] = packed.scores + r * packed.columns;
  const float* values = packed.values;
  for (std::size_t first = 0; first < task.head_size; first += kColumns, values += packed.value_apart) {
    V sum[kRows][2];
    multiply<kRows, 2>(weights, values, kLanes, packed.value_step, packed.count, sum);
    const std::size_t columns = std::min(kColumns, task.head_size - first);
    HWY_ALIGN float line[kColumns];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      if (r >= rows.count) break;
      const V share = hn::Set(d, mixes[r].share);
      float* to = task.out + (rows.first + r) * task.out_stride + first;
      float* whole = columns == kColumns ? to : line;
      if (!packed.opens()) {
        const V keep = hn::Set(d, mixes[r].keep);
        if (columns != kColumns) std::copy_n(to, columns, line);
        sum[r][0] = hn::MulAdd(hn::LoadU(d, whole), keep, sum[r][0]);
        sum[r][1] = hn::MulAdd(hn::LoadU(d, whole + kLanes), keep, sum[r][1]);
      }
      hn::StoreU(hn::Mul(sum[r][0], share), d, whole);
      hn::StoreU(hn::Mul(sum[r][1], share), d, whole + kLanes);
      if (columns != kColumns) std::copy_n(line, columns, to);
    }
  }
}

HWY_INLINE Mix weigh_row(const AttentionTask& task, const Packed& packed, std::size_t row, float* scores, V highest) {
  const D d;
  return weigh_block(
      packed.seen_by(task, row), highest, [&](V x) HWY_ATTR { return exp_negative(d, x); },
      [&](V top) HWY_ATTR { return weigh(scores, packed.columns, top); });
}

template <std::size_t kRows>
void attend_rows(const AttentionTask& task, const Packed& packed, const Rows& rows) {
  const D d;
  const float* queries[kRows];
  V highest[kRows];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
    queries[r] = task.query + rows.at(r) * task.stride;
    highest[r] = hn::Set(d, std::numeric_limits<float>::lowest());
  }
  std::size_t j = 0;
  for (; j + kColumns <= packed.columns; j += kColumns) {
    score_columns<kRows, 2>(task, packed, rows, queries, j, highest);
  }
  if (j < packed.columns) score_columns<kRows, 1>(task, packed, rows, queries, j, highest);
  Mix mixes[kRows] = {};
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
    if (r < rows.count)
      mixes[r] = weigh_row(task, packed, rows.first + r, packed.scores + r * packed.columns, highest[r]);
  }
  mix_values<kRows>(task, packed, rows, mixes);
}

// Calls the kernel for at least rows.count rows.
template <std::size_t kRows = kBlock>
void dispatch_rows(const AttentionTask& task, const Packed& packed, const Rows& rows) {
  if constexpr (kRows > 2) {
    if (rows.count <= kRows - 2) return dispatch_rows<kRows - 2>(task, packed, rows);
  }
  attend_rows<kRows>(task, packed, rows);
}

// All query rows of the task against some keys.
void attend_block(const AttentionTask& task, const Packed& packed) {
  // Blocks of equal size, so that none is nearly empty.
  const std::size_t rows = task.row_end - task.row_begin;
  const std::size_t blocks = (rows + kBlock - 1) / kBlock;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = rows * block / blocks;
    const std::size_t last = rows * (block + 1) / blocks;
    dispatch_rows(task, packed, Rows{task.row_begin + first, last - first});
  }
}

void attention(const AttentionTask& task, float* scratch) {
  const std::size_t most = std::min(task.length, kKeyBlock);
  float* keys = scratch;
  float* values = keys + round_up(most, kLanes) * task.head_size;
  float* hidden = values + most * round_up(task.head_size, kColumns);
  float* scores = hidden + round_up(most, kLanes);
  float* seen = scores + kBlock * round_up(most, kLanes);
  const bool parts = task.length > kKeyBlock;
  for (std::size_t first = 0; first < task.length; first += kKeyBlock) {
    const std::size_t count = std::min(kKeyBlock, task.length - first);
    const std::size_t columns = round_up(count, kLanes);
    pack_keys(task, first, first + count, keys);
    Packed packed{first,    count,
                  keys,     values,
                  kColumns, count * kColumns,
                  hidden,   scores,
                  columns,  {parts ? seen : nullptr, seen + (task.row_end - task.row_begin)}};
    if (task.length < kPackValuesFrom && task.head_size % kColumns == 0) {
      packed.values = task.value;
      packed.value_step = task.stride;
      packed.value_apart = kColumns;
    } else {
      pack_values(task, first, first + count, values);
    }
    for (std::size_t j = 0; j < columns; ++j) {
      const bool shown = j < count && (task.mask == nullptr || task.mask[first + j] != 0);
      hidden[j] = shown ? 0.0F : std::numeric_limits<float>::lowest();
    }
    attend_block(task, packed);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(attention)
}

#if HWY_ONCE
namespace bertrt::kernels::ops {

std::size_t attention_scratch_size(std::size_t length, std::size_t head_size) {
  constexpr std::size_t kMaxBlock = 12;
  constexpr std::size_t kMostKeys = 512;
  const auto up = [](std::size_t n) { return (n + kAttentionColumns - 1) / kAttentionColumns * kAttentionColumns; };
  const std::size_t keys = std::min(length, kMostKeys);
  return up(keys) * (head_size + 1 + kMaxBlock) + keys * up(head_size) + (length > kMostKeys ? up(2 * length) : 0);
}

void attention(const AttentionTask& task, float* scratch) { BERTRT_SIMD_CALL(attention)(task, scratch); }

}  // namespace bertrt::kernels::ops
#endif
