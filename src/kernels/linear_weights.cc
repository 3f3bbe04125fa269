#include "kernels/linear_weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/int8_rounding.h"
#include "kernels/isa/kernels.h"
#include "kernels/ops/rows.h"
#include "kernels/thread_pool.h"

namespace bertrt::kernels {
namespace {

using isa::kGroupBytes;
using isa::kGroupWords;
using isa::kPanel;

constexpr std::size_t kPartsPerThread = 4;  // none waits long for the last

std::uint16_t to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

// A panel's columns side by side, a stretch of K at a time: what is written stays in the first cache until its lines
// are whole. @param rows  [columns, in], of the weight  @param convert  (column, from, count, to): numbers in a row,
// many at once
template <typename T, typename From, typename Convert>
void store_columns(const From* rows, std::size_t columns, std::size_t in, std::size_t groups, std::byte* panel,
                   const Convert& convert) {
  using Word = std::uint32_t;
  constexpr std::size_t kEach = sizeof(Word) / sizeof(T);  // numbers in a word
  constexpr std::size_t kWords = 64;                       // of a stretch: 8 KiB of the panel
  const std::size_t padded = groups * kGroupWords * kEach;
  std::array<T, kWords * kEach> stretch;
  for (std::size_t begin = 0; begin < padded; begin += stretch.size()) {
    const std::size_t words = std::min(kWords, (padded - begin) / kEach);
    const std::size_t count = begin < in ? std::min(in - begin, words * kEach) : 0;
    std::fill(stretch.begin() + static_cast<std::ptrdiff_t>(count), stretch.end(), T{});
    for (std::size_t c = 0; c < columns; ++c) {
      convert(c, rows + c * in + begin, count, stretch.data());
      std::byte* to = panel + (begin / kEach * kPanel + c) * sizeof(Word);
      for (std::size_t w = 0; w < words; ++w) {
        std::memcpy(to + w * kPanel * sizeof(Word), stretch.data() + w * kEach, sizeof(Word));
      }
    }
  }
}

void pack_int8(const float* rows, std::size_t columns, std::size_t in, std::size_t groups, std::byte* panel,
               float* scales, std::int32_t* sums) {
  std::array<float, kPanel> inverses{};
  for (std::size_t c = 0; c < columns; ++c) {
    scales[c] = scale_of(ops::greatest(rows + c * in, in));
    inverses[c] = inverse_of(scales[c]);
    sums[c] = 0;
  }
  store_columns<std::int8_t>(rows, columns, in, groups, panel,
                             [&](std::size_t c, const float* from, std::size_t count, std::int8_t* to) {
                               const float inverse = inverses[c];
                               std::int32_t total = 0;
                               for (std::size_t k = 0; k < count; ++k) {
                                 to[k] = to_int8(from[k], inverse);
                                 total += to[k];
                               }
                               sums[c] += total;
                             });
}

void pack_integers(const std::int8_t* rows, std::size_t columns, std::size_t in, std::size_t groups, std::byte* panel,
                   std::int32_t* sums) {
  std::fill_n(sums, columns, 0);
  store_columns<std::int8_t>(rows, columns, in, groups, panel,
                             [&](std::size_t c, const std::int8_t* from, std::size_t count, std::int8_t* to) {
                               std::int32_t total = 0;
                               for (std::size_t k = 0; k < count; ++k) {
                                 total += from[k];
                                 to[k] = from[k];
                               }
                               sums[c] += total;
                             });
}

void pack_panel(const float* rows, std::size_t first, std::size_t columns, std::size_t in, DType dtype,
                PackedWeight& packed, std::byte* panel) {
  if (columns < kPanel) std::memset(panel, 0, packed.panel_bytes());
  switch (dtype) {
    case DType::fp32:
      store_columns<float, float>(
          rows, columns, in, packed.groups, panel,
          [](std::size_t, const float* from, std::size_t count, float* to) { std::copy_n(from, count, to); });
      break;
    case DType::bf16:
      store_columns<std::uint16_t, float>(rows, columns, in, packed.groups, panel,
                                          [](std::size_t, const float* from, std::size_t count, std::uint16_t* to) {
                                            for (std::size_t k = 0; k < count; ++k) to[k] = to_bf16(from[k]);
                                          });
      break;
    case DType::int8:
      pack_int8(rows, columns, in, packed.groups, panel, reinterpret_cast<float*>(packed.scales.data()) + first,
                reinterpret_cast<std::int32_t*>(packed.sums.data()) + first);
      break;
  }
}

AlignedBuffer zeros(std::size_t bytes) {
  AlignedBuffer buffer(bytes);
  std::memset(buffer.data(), 0, bytes);
  return buffer;
}

// A weight with room for its panels, and what is known before they are filled.
PackedWeight with_room(std::span<const float> bias, std::size_t out, std::size_t in, DType dtype, WeightArena* arena) {
  PackedWeight packed;
  packed.panel_count = (out + kPanel - 1) / kPanel;
  packed.groups = (in + group_size(dtype) - 1) / group_size(dtype);
  const std::size_t bytes = panel_memory(out, in, dtype);
  packed.panels = arena != nullptr ? arena->take(bytes) : AlignedBuffer(bytes);
  packed.bias = zeros(packed.panel_count * kPanel * sizeof(float));
  if (!bias.empty()) std::memcpy(packed.bias.data(), bias.data(), bias.size_bytes());
  if (dtype == DType::int8) {
    packed.scales = zeros(packed.panel_count * kPanel * sizeof(float));
    packed.sums = zeros(packed.panel_count * kPanel * sizeof(std::int32_t));
  }
  return packed;
}

// Fills the panels on all threads. @param fill  (first row, rows, room, panel); the room is of one panel at a time
template <typename Room, typename Fill>
void fill_panels(PackedWeight& packed, std::size_t out, const Fill& fill) {
  ThreadPool& pool = ThreadPool::shared();
  const std::size_t parts = std::min(packed.panel_count, kPartsPerThread * pool.threads());
  pool.run(parts, [&](std::size_t part) {
    std::vector<Room> rows;
    const std::size_t last = packed.panel_count * (part + 1) / parts;
    for (std::size_t panel = packed.panel_count * part / parts; panel < last; ++panel) {
      const std::size_t first = panel * kPanel;
      fill(first, std::min(kPanel, out - first), rows, packed.panels.data() + panel * packed.panel_bytes());
    }
  });
}

}  // namespace

std::size_t PackedWeight::panel_bytes() const noexcept { return groups * kGroupBytes * kPanel; }

std::size_t PackedWeight::memory_bytes() const noexcept {
  return panels.size() + bias.size() + scales.size() + sums.size();
}

std::size_t panel_memory(std::size_t out, std::size_t in, DType dtype) {
  const std::size_t groups = (in + group_size(dtype) - 1) / group_size(dtype);
  return (out + kPanel - 1) / kPanel * groups * kGroupBytes * kPanel;
}

PackedWeight pack_weight(const WeightSource& weight, std::span<const float> bias, std::size_t out, std::size_t in,
                         DType dtype, WeightArena* arena) {
  PackedWeight packed = with_room(bias, out, in, dtype, arena);
  fill_panels<float>(packed, out,
                     [&](std::size_t first, std::size_t columns, std::vector<float>& room, std::byte* panel) {
                       pack_panel(weight(first, columns, room), first, columns, in, dtype, packed, panel);
                     });
  return packed;
}

PackedWeight pack_weight(const IntegerSource& weight, std::span<const float> bias, std::size_t out, std::size_t in,
                         WeightArena* arena) {
  PackedWeight packed = with_room(bias, out, in, DType::int8, arena);
  auto* const scales = reinterpret_cast<float*>(packed.scales.data());
  auto* const sums = reinterpret_cast<std::int32_t*>(packed.sums.data());
  fill_panels<std::int8_t>(
      packed, out, [&](std::size_t first, std::size_t columns, std::vector<std::int8_t>& room, std::byte* panel) {
        if (columns < kPanel) std::memset(panel, 0, packed.panel_bytes());
        pack_integers(weight(first, columns, room, scales + first), columns, in, packed.groups, panel, sums + first);
      });
  return packed;
}

}  // namespace bertrt::kernels
