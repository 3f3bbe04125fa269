#pragma once

// Tiles by a unit that multiplies matrices: 16 rows of 16 words by 16 words of 16 columns at a time. The unit is a
// parameter so that the loops can be tested where no such processor is.

#include <cstddef>
#include <cstring>

#include "kernels/isa/kernels.h"

#if defined(__GNUC__)
#define BERTRT_PREFETCH(address, locality) __builtin_prefetch(address, 0, locality)
#else
#define BERTRT_PREFETCH(address, locality) static_cast<void>(address)
#endif

namespace bertrt::kernels::isa {

enum class Product { int8, bf16 };

// A unit has eight registers, each of 16 rows of 64 bytes, and
//
//   enter(), leave()                        what comes before the first use and after the last
//   zero<t>()
//   load<t>(from, stride), store<t>(to, stride)   16 rows of 64 bytes, `stride` bytes apart
//   multiply<product, sum, a, b>()          sum[16][16] += a[16 rows][16 words] · b[16 words][16 columns]
template <class Unit>
class MatrixTiles {
 public:
  /// Kernels of up to 32 rows: for tiles of more than 16 each word of a panel that is loaded serves twice.
  static void fill(TileKernels& kernels, Product product, const char* name) {
    if (product == Product::int8) {
      fill<Product::int8>(kernels);
    } else {
      fill<Product::bf16>(kernels);
    }
    kernels.max_rows = kMaxTileRows;
    kernels.layout = InputLayout::blocked;
    kernels.native = true;
    kernels.name = name;
    kernels.enter = &Unit::enter;
    kernels.leave = &Unit::leave;
  }

 private:
  static constexpr std::size_t kRegisterBytes = 64;  // of a row of a register
  static constexpr std::size_t kPanelRowBytes = kPanel * 4;
  static constexpr std::size_t kBlockBytes = kBlockGroups * kGroupWords * kPanelRowBytes;  // of a panel

  static_assert(kPanelRowBytes == 2 * kRegisterBytes && kMaxTileRows == 2 * kBlockRows);

  // Registers: four sums, [half of the rows][half of the columns], then the halves of the input and of the panel.
  static constexpr int kInput = 4;
  static constexpr int kWeight = 6;

  template <Product kProduct>
  static void fill(TileKernels& kernels) {
    for (std::size_t rows = 1; rows <= kMaxTileRows; ++rows) {
      const bool both = rows > kBlockRows;
      kernels.streaming[rows] = both ? tile<kProduct, true, true> : tile<kProduct, false, true>;
      kernels.resident[rows] = both ? tile<kProduct, true, false> : tile<kProduct, false, false>;
    }
  }

  template <bool kStreaming>
  static void prefetch_block(const std::byte* from, std::size_t step) {
    for (std::size_t group = 0; group < kBlockGroups; ++group, from += step) {
      for (std::size_t line = 0; line < (kStreaming ? kStreamingLines : kResidentLines); ++line) {
        if (!kStreaming && line * 64 >= step) break;
        BERTRT_PREFETCH(from + line * 64, kStreaming ? 3 : 2);
      }
    }
  }

  template <Product kProduct, bool kBoth>
  static void multiply_block(const std::byte* input, const std::byte* panel) {
    Unit::template load<kInput>(input, kRegisterBytes);
    Unit::template load<kWeight>(panel, kPanelRowBytes);
    Unit::template multiply<kProduct, 0, kInput, kWeight>();
    Unit::template load<kWeight + 1>(panel + kRegisterBytes, kPanelRowBytes);
    Unit::template multiply<kProduct, 1, kInput, kWeight + 1>();
    if constexpr (kBoth) {
      Unit::template load<kInput + 1>(input + kBlockRows * kRegisterBytes, kRegisterBytes);
      Unit::template multiply<kProduct, 2, kInput + 1, kWeight>();
      Unit::template multiply<kProduct, 3, kInput + 1, kWeight + 1>();
    }
  }

  template <Product kProduct, bool kBoth, bool kStreaming>
  static void tile(const void* input, const void* panel, std::size_t groups, void* sums, bool add, Prefetch prefetch) {
    const auto* a = static_cast<const std::byte*>(input);
    const auto* b = static_cast<const std::byte*>(panel);
    auto* const c = static_cast<std::byte*>(sums);
    std::byte* const lower = c + kBlockRows * kPanelRowBytes;
    if (add) {
      Unit::template load<0>(c, kPanelRowBytes);
      Unit::template load<1>(c + kRegisterBytes, kPanelRowBytes);
      if constexpr (kBoth) {
        Unit::template load<2>(lower, kPanelRowBytes);
        Unit::template load<3>(lower + kRegisterBytes, kPanelRowBytes);
      }
    } else {
      Unit::template zero<0>();
      Unit::template zero<1>();
      if constexpr (kBoth) {
        Unit::template zero<2>();
        Unit::template zero<3>();
      }
    }
    const std::byte* ahead = prefetch.from;
    for (std::size_t block = 0; block < groups / kBlockGroups; ++block) {
      prefetch_block<kStreaming>(ahead, prefetch.step);
      multiply_block<kProduct, kBoth>(a, b);
      a += (kBoth ? 2 : 1) * kBlockRows * kRegisterBytes;
      b += kBlockBytes;
      ahead += kBlockGroups * prefetch.step;
    }
    if (const std::size_t rest = groups % kBlockGroups; rest != 0) {  // a panel has no padding to whole blocks
      alignas(64) std::byte padded[kBlockBytes] = {};
      std::memcpy(padded, b, rest * (kBlockBytes / kBlockGroups));
      multiply_block<kProduct, kBoth>(a, padded);
    }
    Unit::template store<0>(c, kPanelRowBytes);
    Unit::template store<1>(c + kRegisterBytes, kPanelRowBytes);
    if constexpr (kBoth) {
      Unit::template store<2>(lower, kPanelRowBytes);
      Unit::template store<3>(lower + kRegisterBytes, kPanelRowBytes);
    }
  }
};

}  // namespace bertrt::kernels::isa
