#include "kernels/linear_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/isa/kernels.h"
#include "kernels/thread_pool.h"

namespace bertrt::kernels {
namespace {

using isa::kGroupBytes;
using isa::kGroupWords;
using isa::kPanel;

constexpr float kInt8Max = 127.0F;

// To nearest even, for |x| < 2^22, without a call: the sum has no bits left below one.
float round_even(float x) {
  constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23
  return (x + kMagic) - kMagic;
}

std::uint16_t to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

// One column of a panel: 16 bytes every kPanel words.
template <typename T, typename Convert>
void store_column(const float* from, std::size_t in, std::size_t groups, T* to, const Convert& convert) {
  constexpr std::size_t kEach = sizeof(std::uint32_t) / sizeof(T);  // numbers in a word
  const std::size_t words = in / kEach;
  for (std::size_t w = 0; w < words; ++w) {
    for (std::size_t i = 0; i < kEach; ++i) to[w * kPanel * kEach + i] = convert(from[w * kEach + i]);
  }
  for (std::size_t k = words * kEach; k < groups * kGroupWords * kEach; ++k) {
    to[k / kEach * kPanel * kEach + k % kEach] = k < in ? convert(from[k]) : T{};
  }
}

void pack_int8_column(const float* from, std::size_t in, std::size_t groups, std::int8_t* to, float& scale,
                      std::int32_t& sum) {
  float greatest = 0;
  for (std::size_t k = 0; k < in; ++k) greatest = std::max(greatest, std::abs(from[k]));
  scale = greatest / kInt8Max;
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  std::int32_t total = 0;
  store_column(from, in, groups, to, [&](float w) {
    const auto q = static_cast<std::int8_t>(std::clamp(round_even(w * inverse), -kInt8Max, kInt8Max));
    total += q;
    return q;
  });
  sum = total;
}

void pack_panel(const float* weight, std::size_t first, std::size_t columns, std::size_t in, DType dtype,
                PackedWeight& packed, std::byte* panel) {
  if (columns < kPanel) std::memset(panel, 0, packed.panel_bytes());
  for (std::size_t c = 0; c < columns; ++c) {
    const float* from = weight + (first + c) * in;
    std::byte* to = panel + c * sizeof(std::uint32_t);
    switch (dtype) {
      case DType::fp32:
        store_column(from, in, packed.groups, reinterpret_cast<float*>(to), [](float w) { return w; });
        break;
      case DType::bf16: store_column(from, in, packed.groups, reinterpret_cast<std::uint16_t*>(to), to_bf16); break;
      case DType::int8:
        pack_int8_column(from, in, packed.groups, reinterpret_cast<std::int8_t*>(to),
                         reinterpret_cast<float*>(packed.scales.data())[first + c],
                         reinterpret_cast<std::int32_t*>(packed.sums.data())[first + c]);
        break;
    }
  }
}

AlignedBuffer zeros(std::size_t bytes) {
  AlignedBuffer buffer(bytes);
  std::memset(buffer.data(), 0, bytes);
  return buffer;
}

}  // namespace

std::size_t PackedWeight::panel_bytes() const noexcept { return groups * kGroupBytes * kPanel; }

std::size_t PackedWeight::memory_bytes() const noexcept {
  return panels.size() + bias.size() + scales.size() + sums.size();
}

PackedWeight pack_weight(std::span<const float> weight, std::span<const float> bias, std::size_t out, std::size_t in,
                         DType dtype) {
  PackedWeight packed;
  packed.panel_count = (out + kPanel - 1) / kPanel;
  packed.groups = (in + group_size(dtype) - 1) / group_size(dtype);
  packed.panels = AlignedBuffer(packed.panel_count * packed.panel_bytes());
  packed.bias = zeros(packed.panel_count * kPanel * sizeof(float));
  if (!bias.empty()) std::memcpy(packed.bias.data(), bias.data(), bias.size_bytes());
  if (dtype == DType::int8) {
    packed.scales = zeros(packed.panel_count * kPanel * sizeof(float));
    packed.sums = zeros(packed.panel_count * kPanel * sizeof(std::int32_t));
  }
  ThreadPool::shared().run(packed.panel_count, [&](std::size_t panel) {
    const std::size_t first = panel * kPanel;
    pack_panel(weight.data(), first, std::min(kPanel, out - first), in, dtype, packed,
               packed.panels.data() + panel * packed.panel_bytes());
  });
  return packed;
}

}  // namespace bertrt::kernels
