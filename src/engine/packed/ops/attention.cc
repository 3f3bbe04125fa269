#include "engine/packed/ops/attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/packed/ops/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/packed/ops/attention.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::engine::packed::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr std::size_t kColumns = 2 * kLanes;            // a panel: two vectors side by side
constexpr int kBlock = HWY_TARGET <= HWY_AVX3 ? 8 : 4;  // query rows at a time, by the number of registers

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

// Keys as panels [panel][head_size][kColumns]; columns past the length are zero.
void pack_keys(const AttentionTask& task, float* to) {
  for (std::size_t first = 0; first < task.length; first += kColumns, to += task.head_size * kColumns) {
    const std::size_t columns = std::min(kColumns, task.length - first);
    if (columns < kColumns) std::fill_n(to, task.head_size * kColumns, 0.0F);
    for (std::size_t c = 0; c < columns; ++c) {
      const float* key = task.key + (first + c) * task.stride;
      for (std::size_t k = 0; k < task.head_size; ++k) to[k * kColumns + c] = key[k];
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

// sum over k of a[r][k] * panel[k][columns] for kRows rows.
template <int kRows>
HWY_INLINE void multiply(const float* const* a, const float* HWY_RESTRICT panel, std::size_t depth,
                         V (&sum)[kRows][2]) {
  const D d;
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) sum[r][0] = sum[r][1] = hn::Zero(d);
  for (std::size_t k = 0; k < depth; ++k) {
    const V b0 = hn::Load(d, panel + k * kColumns);
    const V b1 = hn::Load(d, panel + k * kColumns + kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r][k]);
      sum[r][0] = hn::MulAdd(x, b0, sum[r][0]);
      sum[r][1] = hn::MulAdd(x, b1, sum[r][1]);
    }
  }
}

struct Packed {
  const float* keys;
  const float* values;
  const float* hidden;  // [columns]: 0, or the lowest number for a key that is masked or past the end
  float* scores;        // [kBlock, columns]
  std::size_t columns;  // length, rounded up
};

// Scores of a block of rows → exp(score - highest) in packed.scores; the rows' sums of them in `sums`.
template <int kRows>
HWY_INLINE void score_rows(const AttentionTask& task, const Packed& packed, std::size_t row, std::size_t rows,
                           float* sums) {
  const D d;
  const V scale = hn::Set(d, task.scale);
  const float* queries[kRows];
  for (int r = 0; r < kRows; ++r) {  // a short block repeats its last row
    queries[r] = task.query + (row + std::min(static_cast<std::size_t>(r), rows - 1)) * task.stride;
  }
  V highest[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) highest[r] = hn::Set(d, std::numeric_limits<float>::lowest());
  for (std::size_t j = 0; j < packed.columns; j += kColumns) {
    V sum[kRows][2];
    multiply<kRows>(queries, packed.keys + j * task.head_size, task.head_size, sum);
    const V hidden0 = hn::Load(d, packed.hidden + j);
    const V hidden1 = hn::Load(d, packed.hidden + j + kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      V s0 = hn::Mul(sum[r][0], scale);
      V s1 = hn::Mul(sum[r][1], scale);
      if (task.bias != nullptr) {
        const std::size_t i = row + std::min(static_cast<std::size_t>(r), rows - 1);
        const float* bias = task.bias + (static_cast<std::ptrdiff_t>(j) - static_cast<std::ptrdiff_t>(i));
        s0 = hn::Add(s0, hn::LoadU(d, bias));
        s1 = hn::Add(s1, hn::LoadU(d, bias + kLanes));
      }
      // The lowest number swallows any finite score, as the additive mask of the models does.
      s0 = hn::Add(s0, hidden0);
      s1 = hn::Add(s1, hidden1);
      float* to = packed.scores + static_cast<std::size_t>(r) * packed.columns + j;
      hn::Store(s0, d, to);
      hn::Store(s1, d, to + kLanes);
      highest[r] = hn::Max(highest[r], hn::Max(s0, s1));
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    float* score = packed.scores + r * packed.columns;
    const V top = hn::MaxOfLanes(d, highest[r]);
    V sum0 = hn::Zero(d);
    V sum1 = hn::Zero(d);
    for (std::size_t j = 0; j < packed.columns; j += kColumns) {
      const V e0 = exp_negative(d, hn::Sub(hn::Load(d, score + j), top));
      const V e1 = exp_negative(d, hn::Sub(hn::Load(d, score + j + kLanes), top));
      hn::Store(e0, d, score + j);
      hn::Store(e1, d, score + j + kLanes);
      sum0 = hn::Add(sum0, e0);
      sum1 = hn::Add(sum1, e1);
    }
    sums[r] = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  }
}

template <int kRows>
HWY_INLINE void mix_values(const AttentionTask& task, const Packed& packed, std::size_t row, std::size_t rows,
                           const float* sums) {
  const D d;
  const float* weights[kRows];
  for (int r = 0; r < kRows; ++r) weights[r] = packed.scores + static_cast<std::size_t>(r) * packed.columns;
  for (std::size_t first = 0; first < task.head_size; first += kColumns) {
    V sum[kRows][2];
    multiply<kRows>(weights, packed.values + first * task.length, task.length, sum);
    const std::size_t columns = std::min(kColumns, task.head_size - first);
    HWY_ALIGN float line[kColumns];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      if (static_cast<std::size_t>(r) >= rows) break;
      const V share = hn::Set(d, 1.0F / sums[r]);
      float* to = task.out + (row + static_cast<std::size_t>(r)) * task.out_stride + first;
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

template <int kRows>
void attend_rows(const AttentionTask& task, const Packed& packed, std::size_t row, std::size_t rows) {
  float sums[kRows];
  score_rows<kRows>(task, packed, row, rows, sums);
  mix_values<kRows>(task, packed, row, rows, sums);
}

void attention(const AttentionTask& task, float* scratch) {
  const std::size_t columns = round_up(task.length, kColumns);
  float* keys = scratch;
  float* values = keys + columns * task.head_size;
  float* hidden = values + task.length * round_up(task.head_size, kColumns);
  float* scores = hidden + columns;
  pack_keys(task, keys);
  pack_values(task, values);
  for (std::size_t j = 0; j < columns; ++j) {
    const bool seen = j < task.length && (task.mask == nullptr || task.mask[j] != 0);
    hidden[j] = seen ? 0.0F : std::numeric_limits<float>::lowest();
  }
  const Packed packed{keys, values, hidden, scores, columns};
  for (std::size_t row = task.row_begin; row < task.row_end;) {
    const std::size_t left = task.row_end - row;
    // A rest of up to half a block takes the smaller kernel.
    if (left > kBlock / 2) {
      const std::size_t rows = std::min<std::size_t>(kBlock, left);
      attend_rows<kBlock>(task, packed, row, rows);
      row += rows;
    } else {
      attend_rows<kBlock / 2>(task, packed, row, left);
      row += left;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::engine::packed::ops
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bertrt::engine::packed::ops {

HWY_EXPORT(attention);

std::size_t attention_scratch_size(std::size_t length, std::size_t head_size) {
  constexpr std::size_t kMaxBlock = 8;
  const auto up = [](std::size_t n) { return (n + kAttentionColumns - 1) / kAttentionColumns * kAttentionColumns; };
  return up(length) * (head_size + 1 + kMaxBlock) + length * up(head_size);
}

void attention(const AttentionTask& task, float* scratch) { HWY_DYNAMIC_DISPATCH(attention)(task, scratch); }

}  // namespace bertrt::engine::packed::ops
#endif
