#include "kernels/ops/narrow_attention.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/simd_dispatch.h"
#include "kernels/isa/kernels.h"
#include "kernels/tiling.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/narrow_attention.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ops/online_softmax-inl.h"
#include "kernels/ops/vectors-inl.h"

#ifndef BERTRT_KERNELS_OPS_NARROW_ATTENTION_LAYOUT
#define BERTRT_KERNELS_OPS_NARROW_ATTENTION_LAYOUT
namespace bertrt::kernels::ops {
namespace {

using isa::kBlockGroups;
using isa::kGroupWords;
using isa::kMaxTileRows;
using isa::kPanel;
using isa::round_up;

constexpr std::size_t kMostKeys = 512;                  // packed and scored at a time
constexpr std::size_t kGroupNumbers = 2 * kGroupWords;  // bf16 numbers of a group

constexpr std::size_t kApart = kPanel / 2;  // keys whose shares stand in one word
constexpr std::size_t kPanelGroups = kPanel / kGroupNumbers;
static_assert(kPanelGroups == kBlockGroups);
constexpr float kLog2E = 1.44269504F;  // scores are powers of two

static_assert(kPanel == kAttentionColumns);

// The parts of the scratch, in 32-bit words: each begins aligned.
struct Layout {
  Layout(std::size_t length, std::size_t head_size) {
    const std::size_t columns = round_up(std::min(length, kMostKeys), kPanel);
    const std::size_t head_words = round_up(head_size, kGroupNumbers) / 2;
    const std::size_t line_words = round_up(head_size, kBlockGroups * kGroupNumbers) / 2;
    const auto take = [this](std::size_t words) {
      const std::size_t at = size;
      size += round_up(words, kAttentionColumns);
      return at;
    };
    keys = take(columns * head_words);
    values = take(round_up(head_size, kPanel) * columns / 2);
    hidden = take(columns);
    queries = take(kMaxTileRows * line_words);
    scores = take(kMaxTileRows * columns);
    shares = take(kMaxTileRows * columns / 2);
    line = take(line_words);
    seen = take(length > kMostKeys ? 2 * length : 0);
  }

  std::size_t size = 0;
  std::size_t keys;     // [panel][word of the head][kPanel keys]
  std::size_t values;   // [panel of the head][word of two keys][kPanel]
  std::size_t hidden;   // [columns]: 0, or the lowest number for a key that is masked or past the end
  std::size_t queries;  // a tile of rows
  std::size_t scores;  // [panel][row, in whole steps][kPanel]; later the values' sums, [panel of the head][row][kPanel]
  std::size_t shares;  // a tile of rows
  std::size_t line;    // a row of a head
  std::size_t seen;    // of each row from row_begin on its greatest score, then the sums of their shares
};

}  // namespace
}  // namespace bertrt::kernels::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

using DU = hn::RebindToUnsigned<D>;
using VU = hn::Vec<DU>;

static_assert(kApart % kLanes == 0);

// To bf16, to nearest even, in the lower half of a word; NaN stays one.
HWY_INLINE VU to_bf16(V x) {
  const DU du;
  const VU bits = hn::BitCast(du, x);
  const VU odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const VU rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFU)));
  const VU quiet = hn::Or(bits, hn::Set(du, 0x400000U));
  return hn::ShiftRight<16>(hn::IfThenElse(hn::RebindMask(du, hn::Eq(x, x)), rounded, quiet));
}

// `count` numbers times `scale` as bf16, zeros behind them up to `padded`, a multiple of 8 less than 32 beyond.
HWY_INLINE void narrow_row(const float* from, float scale, std::size_t count, std::size_t padded, std::uint16_t* to) {
  const D d;
  const hn::Rebind<std::uint16_t, D> d16;
  const V factor = hn::Set(d, scale);
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    hn::StoreU(hn::TruncateTo(d16, to_bf16(hn::Mul(hn::LoadU(d, from + k), factor))), d16, to + k);
  }
  if (k == padded) return;
  HWY_ALIGN float rest[kLanes + kBlockGroups * kGroupNumbers] = {};
  std::copy(from + k, from + count, rest);
  for (std::size_t i = 0; k + i < padded; i += kLanes) {
    HWY_ALIGN std::uint16_t narrow[kLanes];
    hn::Store(hn::TruncateTo(d16, to_bf16(hn::Mul(hn::Load(d, rest + i), factor))), d16, narrow);
    std::copy_n(narrow, std::min(kLanes, padded - k - i), to + k + i);
  }
}

// Some rows of a head, scaled, as a tile of `groups` along K.
void pack_queries(const AttentionTask& task, std::size_t first, std::size_t rows, const TilePlaces& places,
                  std::size_t groups, std::uint16_t* line, std::uint32_t* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    narrow_row(task.query + (first + r) * task.stride, task.scale * kLog2E, task.head_size, groups * kGroupNumbers,
               line);
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t place = places.four(g / kBlockGroups, r) + g % kBlockGroups * places.apart();
      std::memcpy(to + place * kGroupWords, line + g * kGroupNumbers, isa::kGroupBytes);
    }
  }
}

// Keys from begin to end as panels [panel][word][kPanel]; columns past the end are zero.
void pack_keys(const AttentionTask& task, std::size_t begin, std::size_t end, std::uint16_t* line, std::uint32_t* to) {
  const std::size_t padded = round_up(task.head_size, kGroupNumbers);
  const std::size_t words = padded / 2;
  for (std::size_t first = begin; first < end; first += kPanel, to += words * kPanel) {
    const std::size_t columns = std::min(kPanel, end - first);
    if (columns < kPanel) std::memset(to, 0, words * kPanel * sizeof(std::uint32_t));
    for (std::size_t c = 0; c < columns; ++c) {
      narrow_row(task.key + (first + c) * task.stride, 1, task.head_size, padded, line);
      for (std::size_t w = 0; w < words; ++w) std::memcpy(to + w * kPanel + c, line + 2 * w, sizeof(std::uint32_t));
    }
  }
}

// Their values as panels [panel of the head][word][kPanel]; what lies past the end or the head is zero. A word holds
// two keys that are kApart apart: so shares need no shuffling.
void pack_values(const AttentionTask& task, std::size_t begin, std::size_t end, std::uint32_t* to) {
  const D d;
  const DU du;
  HWY_ALIGN float part[2][kPanel] = {};
  for (std::size_t first = 0; first < task.head_size; first += kPanel) {
    const std::size_t columns = std::min(kPanel, task.head_size - first);
    const auto row_of = [&](std::size_t key, float* whole) {
      const float* row = task.value + key * task.stride + first;
      if (key < end && columns == kPanel) return row;
      std::fill_n(whole, kPanel, 0.0F);
      if (key < end) std::copy_n(row, columns, whole);
      return static_cast<const float*>(whole);
    };
    for (std::size_t panel = begin; panel < end; panel += kPanel) {
      for (std::size_t key = panel; key < panel + kApart; ++key, to += kPanel) {
        const float* one = row_of(key, part[0]);
        const float* other = row_of(key + kApart, part[1]);
        for (std::size_t c = 0; c < kPanel; c += kLanes) {
          const VU low = to_bf16(hn::LoadU(d, one + c));
          const VU high = to_bf16(hn::LoadU(d, other + c));
          hn::Store(hn::Or(low, hn::ShiftLeft<16>(high)), du, to + c);
        }
      }
    }
  }
}

// Some neighbouring keys of a text, packed, and where what is made of them goes.
struct Packed {
  std::size_t first;
  std::size_t count;
  const std::uint32_t* keys;
  const std::uint32_t* values;
  const float* hidden;
  std::uint32_t* queries;
  float* scores;
  std::uint32_t* shares;
  SeenRows seen;  // by row from row_begin on

  bool opens() const { return first == 0; }
  Seen seen_by(const AttentionTask& task, std::size_t row) const {
    return seen.at(row - task.row_begin, opens(), first + count == task.length);
  }
};

// A panel's scores of some rows: the products, or with what hides keys and the bias in their place. Keeps each row's
// greatest.
HWY_INLINE void score_panel(const AttentionTask& task, const Packed& packed, std::size_t row, std::size_t rows,
                            std::size_t panel, float* scores, float* highest) {
  const D d;
  const V log2_e = hn::Set(d, kLog2E);
  const std::size_t first = panel * kPanel;
  const bool plain = task.bias == nullptr && task.mask == nullptr && first + kPanel <= packed.count;
  for (std::size_t r = 0; r < rows; ++r, scores += kPanel, highest += kLanes) {
    V top = hn::Load(d, highest);
    if (plain) {
      for (std::size_t c = 0; c < kPanel; c += kLanes) top = hn::Max(top, hn::Load(d, scores + c));
    } else {
      const float* bias = task.bias;
      if (bias != nullptr) {
        bias +=
            static_cast<std::ptrdiff_t>(packed.first + first) + static_cast<std::ptrdiff_t>(row + r) * task.bias_stride;
      }
      for (std::size_t c = 0; c < kPanel; c += kLanes) {
        V score = hn::Load(d, scores + c);
        if (bias != nullptr) score = hn::MulAdd(hn::LoadU(d, bias + c), log2_e, score);
        score = hn::Add(score, hn::Load(d, packed.hidden + first + c));  // the lowest number swallows any finite score
        hn::Store(score, d, scores + c);
        top = hn::Max(top, score);
      }
    }
    hn::Store(top, d, highest);
  }
}

// 2^x for x <= 0, as precise as bf16 needs: 1.1e-4 of the result; 0 below -126, NaN of NaN.
HWY_INLINE V exp2_negative(V x) {
  const D d;
  const DU du;
  const V least = hn::Set(d, -126.0F);
  // Added to, a number is rounded to an integer, which the sum's low bits hold.
  const V magic = hn::Set(d, 12582912.0F);  // 1.5 * 2^23
  const auto below = hn::Lt(x, least);
  const V bounded = hn::IfThenElse(below, least, x);
  const V shifted = hn::Add(bounded, magic);
  const V f = hn::Sub(bounded, hn::Sub(shifted, magic));  // -1/2 … 1/2
  V p = hn::Set(d, 5.500848e-2F);                         // of the least greatest relative error with 2^0 = 1
  p = hn::MulAdd(p, f, hn::Set(d, 2.4221012e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 6.9328288e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
  const VU power = hn::Add(hn::BitCast(du, p), hn::ShiftLeft<23>(hn::BitCast(du, shifted)));
  return hn::IfThenZeroElse(below, hn::BitCast(d, power));
}

// 2^(score - top) of a row, as shares in bf16. @param top  in every lane  @return the sum of what was stored
HWY_INLINE float weigh(const Packed& packed, const TilePlaces& places, std::size_t r, V top) {
  const D d;
  const DU du;
  const std::size_t panels = round_up(packed.count, kPanel) / kPanel;
  V sum0 = hn::Zero(d);
  V sum1 = hn::Zero(d);
  // Rounded to nearest, in the upper half of a word. A share lies between 0 and 1 or is NaN, which the sum keeps.
  const auto share = [&](const float* score, V& sum) HWY_ATTR {
    const VU bits = hn::BitCast(du, exp2_negative(hn::Sub(hn::Load(d, score), top)));
    const VU rounded = hn::And(hn::Add(bits, hn::Set(du, 0x8000U)), hn::Set(du, 0xFFFF0000U));
    sum = hn::Add(sum, hn::BitCast(d, rounded));
    return rounded;
  };
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const float* scores = packed.scores + (panel * places.rows() + r) * kPanel;
    std::uint32_t* shares = packed.shares + places.four(panel, r) * kGroupWords;
    HWY_ALIGN std::uint32_t line[kApart];
    for (std::size_t c = 0; c < kApart; c += kLanes) {
      const VU low = share(scores + c, sum0);
      const VU high = share(scores + c + kApart, sum1);
      hn::Store(hn::Or(hn::ShiftRight<16>(low), high), du, line + c);
    }
    for (std::size_t g = 0; g < kPanelGroups; ++g) {
      std::memcpy(shares + g * places.apart() * kGroupWords, line + g * kGroupWords, isa::kGroupBytes);
    }
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

HWY_INLINE Mix weigh_row(const AttentionTask& task, const Packed& packed, std::size_t row, const TilePlaces& places,
                         std::size_t r, const float* highest) {
  return weigh_block(
      packed.seen_by(task, row + r), hn::Load(D(), highest), [](V x) HWY_ATTR { return exp2_negative(x); },
      [&](V top) HWY_ATTR { return weigh(packed, places, r, top); });
}

// A panel of a row's results.
HWY_INLINE void finish_row(const float* sums, const Mix& mix, bool opens, std::size_t columns, float* out) {
  const D d;
  HWY_ALIGN float line[kPanel];
  float* to = columns == kPanel ? out : line;
  if (!opens && columns != kPanel) std::copy_n(out, columns, line);
  const V share = hn::Set(d, mix.share);
  const V keep = hn::Set(d, mix.keep);
  for (std::size_t c = 0; c < kPanel; c += kLanes) {
    V sum = hn::Load(d, sums + c);
    if (!opens) sum = hn::MulAdd(hn::LoadU(d, to + c), keep, sum);
    hn::StoreU(hn::Mul(sum, share), d, to + c);
  }
  if (columns != kPanel) std::copy_n(line, columns, out);
}

// Query rows row … row + rows against some keys.
void attend_rows(const AttentionTask& task, const isa::TileKernels& tiles, const Packed& packed, std::size_t row,
                 std::size_t rows, std::uint16_t* line) {
  const isa::TileKernel multiply = tiles.resident[rows];
  const std::size_t head_groups = round_up(task.head_size, kGroupNumbers) / kGroupNumbers;
  const std::size_t panel_words = head_groups * kGroupWords * kPanel;
  const TilePlaces places(tiles, rows);
  pack_queries(task, row, rows, places, tiles.whole_groups(head_groups), line, packed.queries);
  HWY_ALIGN float highest[kMaxTileRows * kLanes];
  std::fill_n(highest, rows * kLanes, std::numeric_limits<float>::lowest());
  const std::size_t panels = round_up(packed.count, kPanel) / kPanel;
  for (std::size_t panel = 0; panel < panels; ++panel) {
    float* scores = packed.scores + panel * places.rows() * kPanel;
    multiply(packed.queries, packed.keys + panel * panel_words, head_groups, scores, false, {});
    score_panel(task, packed, row, rows, panel, scores, highest);
  }
  Mix mixes[kMaxTileRows];
  for (std::size_t r = 0; r < rows; ++r) mixes[r] = weigh_row(task, packed, row, places, r, highest + r * kLanes);
  const std::size_t groups = panels * kPanelGroups;
  for (std::size_t first = 0; first < task.head_size; first += kPanel) {
    float* sums = packed.scores;
    multiply(packed.shares, packed.values + first * groups * kGroupWords, groups, sums, false, {});
    const std::size_t columns = std::min(kPanel, task.head_size - first);
    for (std::size_t r = 0; r < rows; ++r) {
      finish_row(sums + r * kPanel, mixes[r], packed.opens(), columns, task.out + (row + r) * task.out_stride + first);
    }
  }
}

void narrow_attention(const AttentionTask& task, const isa::TileKernels& tiles, float* scratch) {
  const Layout layout(task.length, task.head_size);
  auto* const words = reinterpret_cast<std::uint32_t*>(scratch);
  float* const hidden = scratch + layout.hidden;
  auto* const line = reinterpret_cast<std::uint16_t*>(words + layout.line);
  const bool parts = task.length > kMostKeys;
  const std::size_t rows = task.row_end - task.row_begin;
  const Tiling tiling(rows, tiles);
  const isa::InUse in_use(tiles);
  for (std::size_t first = 0; first < task.length; first += kMostKeys) {
    const std::size_t count = std::min(kMostKeys, task.length - first);
    pack_keys(task, first, first + count, line, words + layout.keys);
    pack_values(task, first, first + count, words + layout.values);
    for (std::size_t j = 0; j < round_up(count, kPanel); ++j) {
      const bool shown = j < count && (task.mask == nullptr || task.mask[first + j] != 0);
      hidden[j] = shown ? 0.0F : std::numeric_limits<float>::lowest();
    }
    const Packed packed{first,
                        count,
                        words + layout.keys,
                        words + layout.values,
                        hidden,
                        words + layout.queries,
                        scratch + layout.scores,
                        words + layout.shares,
                        {parts ? scratch + layout.seen : nullptr, scratch + layout.seen + rows}};
    for (std::size_t tile = 0; tile < tiling.count(); ++tile) {
      attend_rows(task, tiles, packed, task.row_begin + tiling.first(tile), tiling.size(tile), line);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(narrow_attention)
}

#if HWY_ONCE
namespace bertrt::kernels::ops {
namespace {

// Shorter texts cost more to pack than their products save.
constexpr std::size_t kNarrowFrom = 48;

std::size_t either_scratch_size(std::size_t length, std::size_t head_size) {
  return std::max(attention_scratch_size(length, head_size), narrow_attention_scratch_size(length, head_size));
}

void attention_by_length(const AttentionTask& task, float* scratch) {
  if (task.length < kNarrowFrom) return attention(task, scratch);
  narrow_attention(task, isa::best().bf16, scratch);
}

}  // namespace

std::size_t narrow_attention_scratch_size(std::size_t length, std::size_t head_size) {
  return Layout(length, head_size).size;
}

void narrow_attention(const AttentionTask& task, const isa::TileKernels& tiles, float* scratch) {
  BERTRT_SIMD_CALL(narrow_attention)(task, tiles, scratch);
}

AttentionKernel attention_kernel(DType dtype) {
  if (dtype == DType::fp32 || !isa::best().bf16.native) return {};
  return {either_scratch_size, attention_by_length};
}

}  // namespace bertrt::kernels::ops
#endif
