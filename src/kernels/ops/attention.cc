#include "kernels/ops/attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/ops/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/attention.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ops/multiply-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

constexpr std::size_t kColumns = 2 * kLanes;  // two vectors side by side are worked on at a time
// Up to this length values are read where they lie: packing them would cost more than the strides do.
constexpr std::size_t kPackValuesFrom = 33;

static_assert(kColumns <= kAttentionColumns);

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// exp for x <= 0 (Cephes' expf polynomial, error below 2e-7 of the result); 0 below -86.
HWY_INLINE V exp_negative(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto keep = hn::Ge(x, hn::Set(d, -86.0F));
  x = hn::Max(x, hn::Set(d, -86.0F));
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504F)));
  const V nf = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(nf, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(nf, hn::Set(d, -2.12194440e-4F), r);
  V p = hn::Set(d, 1.9875691500e-4F);
  p = hn::MulAdd(p, r, hn::Set(d, 1.3981999507e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3F));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1F));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1F));
  p = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), hn::Set(d, 1.0F));
  const V result = hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(n)));
  return hn::IfThenElseZero(keep, result);
}

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

// Keys as panels [panel][head_size][kLanes]; columns past the length are zero.
void pack_keys(const AttentionTask& task, float* to) {
  for (std::size_t first = 0; first < task.length; first += kLanes, to += task.head_size * kLanes) {
    const std::size_t columns = std::min(kLanes, task.length - first);
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

// Values as panels [panel][length][kColumns]; columns past the head's size are zero.
void pack_values(const AttentionTask& task, float* to) {
  for (std::size_t first = 0; first < task.head_size; first += kColumns) {
    const std::size_t columns = std::min(kColumns, task.head_size - first);
    for (std::size_t j = 0; j < task.length; ++j, to += kColumns) {
      const float* value = task.value + j * task.stride + first;
      if (columns == kColumns) {
        std::memcpy(to, value, sizeof(float) * kColumns);
      } else {
        std::fill(std::copy_n(value, columns, to), to + kColumns, 0.0F);
      }
    }
  }
}

struct Packed {
  const float* keys;
  const float* values;
  std::size_t value_step;   // from one token's values to the next
  std::size_t value_apart;  // from one pair of vectors of a token's values to the next
  const float* hidden;      // [columns]: 0, or the lowest number for a key that is masked or past the end
  float* scores;            // [kBlock, columns]
  std::size_t columns;      // length, rounded up to whole vectors
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
        const float* bias = task.bias + (static_cast<std::ptrdiff_t>(column) +
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

// exp(score - highest) in place of a row's scores. @return their sum
HWY_INLINE float weigh(float* scores, std::size_t columns, V highest) {
  const D d;
  const V top = hn::MaxOfLanes(d, highest);
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
HWY_INLINE void mix_values(const AttentionTask& task, const Packed& packed, const Rows& rows, const float* sums) {
  const D d;
  const float* weights[kRows];
  for (std::size_t r = 0; r < kRows; ++r) weights[r] = packed.scores + r * packed.columns;
  const float* values = packed.values;
  for (std::size_t first = 0; first < task.head_size; first += kColumns, values += packed.value_apart) {
    V sum[kRows][2];
    multiply<kRows, 2>(weights, values, kLanes, packed.value_step, task.length, sum);
    const std::size_t columns = std::min(kColumns, task.head_size - first);
    HWY_ALIGN float line[kColumns];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      if (r >= rows.count) break;
      const V share = hn::Set(d, 1.0F / sums[r]);
      float* to = task.out + (rows.first + r) * task.out_stride + first;
      if (columns == kColumns) {
        hn::StoreU(hn::Mul(sum[r][0], share), d, to);
        hn::StoreU(hn::Mul(sum[r][1], share), d, to + kLanes);
      } else {
        hn::Store(hn::Mul(sum[r][0], share), d, line);
        hn::Store(hn::Mul(sum[r][1], share), d, line + kLanes);
        std::copy_n(line, columns, to);
      }
    }
  }
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
  float sums[kRows] = {};
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
    if (r < rows.count) sums[r] = weigh(packed.scores + r * packed.columns, packed.columns, highest[r]);
  }
  mix_values<kRows>(task, packed, rows, sums);
}

// Calls the kernel for at least rows.count rows.
template <std::size_t kRows = kBlock>
void dispatch_rows(const AttentionTask& task, const Packed& packed, const Rows& rows) {
  if constexpr (kRows > 2) {
    if (rows.count <= kRows - 2) return dispatch_rows<kRows - 2>(task, packed, rows);
  }
  attend_rows<kRows>(task, packed, rows);
}

void attention(const AttentionTask& task, float* scratch) {
  const std::size_t columns = round_up(task.length, kLanes);
  float* keys = scratch;
  float* values = keys + columns * task.head_size;
  float* hidden = values + task.length * round_up(task.head_size, kColumns);
  float* scores = hidden + columns;
  pack_keys(task, keys);
  Packed packed{keys, values, kColumns, task.length * kColumns, hidden, scores, columns};
  if (task.length < kPackValuesFrom && task.head_size % kColumns == 0) {
    packed.values = task.value;
    packed.value_step = task.stride;
    packed.value_apart = kColumns;
  } else {
    pack_values(task, values);
  }
  for (std::size_t j = 0; j < columns; ++j) {
    const bool seen = j < task.length && (task.mask == nullptr || task.mask[j] != 0);
    hidden[j] = seen ? 0.0F : std::numeric_limits<float>::lowest();
  }
  // Blocks of equal size, so that none is nearly empty.
  const std::size_t rows = task.row_end - task.row_begin;
  const std::size_t blocks = (rows + kBlock - 1) / kBlock;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = rows * block / blocks;
    const std::size_t last = rows * (block + 1) / blocks;
    dispatch_rows(task, packed, Rows{task.row_begin + first, last - first});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bertrt::kernels::ops {

HWY_EXPORT(attention);

std::size_t attention_scratch_size(std::size_t length, std::size_t head_size) {
  constexpr std::size_t kMaxBlock = 12;
  const auto up = [](std::size_t n) { return (n + kAttentionColumns - 1) / kAttentionColumns * kAttentionColumns; };
  return up(length) * (head_size + 1 + kMaxBlock) + length * up(head_size);
}

void attention(const AttentionTask& task, float* scratch) { HWY_DYNAMIC_DISPATCH(attention)(task, scratch); }

}  // namespace bertrt::kernels::ops
#endif
