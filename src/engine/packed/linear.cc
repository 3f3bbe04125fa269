#include "engine/packed/linear.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/kernels/kernels.h"
#include "engine/packed/linear_weights.h"

namespace bertrt::engine::packed {
namespace {

using kernels::Kernels;
using kernels::kGroupBytes;
using kernels::kPanel;

// Rows that are run before the next panel is taken: their packed form stays in the cache that the cores share.
constexpr std::size_t kBlockBytes = std::size_t{4} << 20;
// Input that is worth packing on several threads.
constexpr std::size_t kParallelPackBytes = std::size_t{64} << 10;
// Parts for each thread: enough that a thread which was held up does not hold up the rest.
constexpr std::size_t kPartsPerThread = 4;

// How `rows` are cut into tiles: as few as the kernel's registers allow, of equal size give or take one.
struct Tiling {
  Tiling(std::size_t rows, std::size_t most)
      : count((rows + most - 1) / most), each(rows / count), more(rows % count) {}
  std::size_t first(std::size_t tile) const { return tile * each + std::min(tile, more); }
  std::size_t size(std::size_t tile) const { return each + (tile < more ? 1 : 0); }

  std::size_t count;
  std::size_t each;
  std::size_t more;  // so many tiles have one more
};

// A panel's bytes for each group of K, and how far ahead of its use a panel is fetched that is used once.
constexpr std::size_t kGroupPanelBytes = kGroupBytes * kPanel;
constexpr std::size_t kPrefetchAhead = 6144;

void prefetch_line(const void* line) {
#if defined(__GNUC__)
  __builtin_prefetch(line);
#else
  static_cast<void>(line);
#endif
}

std::size_t share(std::size_t count, std::size_t part, std::size_t parts) { return count * part / parts; }

class PackedLinear final : public Linear {
 public:
  PackedLinear(PackedWeight weight, std::size_t out, std::size_t in, DType dtype, const Kernels& kernels)
      : Linear(out, in, dtype), weight_(std::move(weight)), kernels_(kernels) {}

  void run(const float* x, std::size_t rows, float* y, const Epilogue& epilogue, ThreadPool& pool,
           Scratch& scratch) const override {
    if (rows == 0) return;
    const Tiling tiling(rows, tiles().max_rows);
    const Input input = pack_rows(x, rows, tiling, pool, scratch);

    const std::size_t row_bytes = weight_.groups * kGroupBytes;
    const std::size_t tiles_a_block = std::max<std::size_t>(1, kBlockBytes / (row_bytes * (tiling.each + 1)));
    const std::size_t blocks = (tiling.count + tiles_a_block - 1) / tiles_a_block;
    const std::size_t threads = pool.threads();
    const std::size_t slices_a_thread = threads == 1 ? 1 : std::min(kPartsPerThread, weight_.panel_count / threads);
    const std::size_t slices = slices_a_thread == 0 ? weight_.panel_count : threads * slices_a_thread;
    pool.run(blocks * slices, [&](std::size_t part) {
      // Parts that follow one another go to different threads; each thread's share of the panels is contiguous.
      const std::size_t block = part / slices;
      const std::size_t turn = part % slices;
      const std::size_t slice = slices_a_thread == 0 ? turn : turn % threads * slices_a_thread + turn / threads;
      run_panels(input, share(weight_.panel_count, slice, slices), share(weight_.panel_count, slice + 1, slices),
                 tiling, share(tiling.count, block, blocks), share(tiling.count, block + 1, blocks), y, epilogue);
    });
  }

  std::size_t memory_bytes() const noexcept override { return weight_.memory_bytes(); }

  std::string kernel() const override {
    return std::string(kernels_.target) + " " + tiles().name + " " + std::to_string(tiles().max_rows) + "x" +
           std::to_string(kPanel);
  }

 private:
  // Rows in the tiles' layout and, for int8, the grid of each.
  struct Input {
    std::byte* rows;
    float* scales;
    std::int32_t* zeros;
  };

  const kernels::TileKernels& tiles() const noexcept {
    switch (dtype()) {
      case DType::bf16: return kernels_.bf16;
      case DType::int8: return kernels_.int8;
      default: return kernels_.fp32;
    }
  }

  Input pack_rows(const float* x, std::size_t rows, const Tiling& tiling, ThreadPool& pool, Scratch& scratch) const {
    const std::size_t row_bytes = weight_.groups * kGroupBytes;
    Input input{};
    input.rows = scratch.rows.reserve(rows * row_bytes);
    if (dtype() == DType::int8) {
      input.scales = reinterpret_cast<float*>(scratch.parts.reserve(rows * (sizeof(float) + sizeof(std::int32_t))));
      input.zeros = reinterpret_cast<std::int32_t*>(input.scales + rows);
    }
    const std::size_t parts =
        rows * in() * sizeof(float) < kParallelPackBytes ? 1 : std::min(tiling.count, pool.threads() * kPartsPerThread);
    pool.run(parts, [&](std::size_t part) {
      const std::size_t last = share(tiling.count, part + 1, parts);
      for (std::size_t tile = share(tiling.count, part, parts); tile < last; ++tile) {
        const std::size_t first = tiling.first(tile);
        const std::size_t size = tiling.size(tile);
        std::byte* to = input.rows + first * row_bytes;
        switch (dtype()) {
          case DType::fp32: kernels_.pack_fp32(x + first * in(), size, in(), to); break;
          case DType::bf16: kernels_.pack_bf16(x + first * in(), size, in(), to); break;
          case DType::int8:
            kernels_.quantize(x + first * in(), size, in(), to, input.scales + first, input.zeros + first);
            break;
        }
      }
    });
    return input;
  }

  void run_panels(const Input& input, std::size_t first_panel, std::size_t last_panel, const Tiling& tiling,
                  std::size_t first_tile, std::size_t last_tile, float* y, const Epilogue& epilogue) const {
    const std::size_t tile_count = last_tile - first_tile;
    for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
      const std::byte* data = weight_.panels.data() + panel * weight_.panel_bytes();
      for (std::size_t tile = first_tile; tile < last_tile; ++tile) {
        kernels::Prefetch prefetch{data + kPrefetchAhead, kGroupPanelBytes};
        // A panel that more than one tile needs comes from memory while the panel before it is multiplied.
        const bool streaming = tile_count == 1 || (panel == first_panel && tile == first_tile);
        if (!streaming) {
          const std::size_t offset = share(weight_.panel_bytes(), tile - first_tile, tile_count);
          prefetch = {data + weight_.panel_bytes() + offset, (kGroupPanelBytes + tile_count - 1) / tile_count};
        }
        run_tile(input, panel, tiling.first(tile), tiling.size(tile), streaming, prefetch, y, epilogue);
      }
    }
  }

  void run_tile(const Input& input, std::size_t panel, std::size_t first, std::size_t rows, bool streaming,
                kernels::Prefetch prefetch, float* y, const Epilogue& epilogue) const {
    alignas(64) std::uint32_t sums[kernels::kMaxTileRows * kPanel];
    const std::size_t column = panel * kPanel;
    for (std::size_t r = first; r < first + rows; ++r) {
      prefetch_line(y + r * out() + column);
      prefetch_line(y + r * out() + column + kPanel / 2);
      if (epilogue.residual != nullptr && epilogue.residual != y) {
        prefetch_line(epilogue.residual + r * out() + column);
        prefetch_line(epilogue.residual + r * out() + column + kPanel / 2);
      }
    }
    const kernels::TileKernel multiply = streaming ? tiles().streaming[rows] : tiles().resident[rows];
    multiply(input.rows + first * weight_.groups * kGroupBytes, weight_.panels.data() + panel * weight_.panel_bytes(),
             weight_.groups, sums, prefetch);
    kernels::Finish finish;
    finish.bias = reinterpret_cast<const float*>(weight_.bias.data()) + column;
    finish.activation = epilogue.activation;
    finish.residual = epilogue.residual == nullptr ? nullptr : epilogue.residual + first * out() + column;
    finish.out = y + first * out() + column;
    finish.stride = out();
    finish.columns = std::min(kPanel, out() - column);
    if (dtype() == DType::int8) {
      finish.scales = reinterpret_cast<const float*>(weight_.scales.data()) + column;
      finish.sums = reinterpret_cast<const std::int32_t*>(weight_.sums.data()) + column;
      finish.row_scales = input.scales + first;
      finish.row_zeros = input.zeros + first;
      kernels_.finish_int8(reinterpret_cast<const std::int32_t*>(sums), rows, finish);
    } else {
      kernels_.finish_float(reinterpret_cast<const float*>(sums), rows, finish);
    }
  }

  PackedWeight weight_;
  const Kernels& kernels_;
};

void check(std::span<const float> weight, std::span<const float> bias, std::size_t out, std::size_t in, DType dtype) {
  // The sum of so many products of a byte and a signed byte fits into 32 bits.
  constexpr std::size_t kMostInt8 = 2147483647 / (255 * 127);
  if (out == 0 || in == 0 || weight.size() / out != in || weight.size() % out != 0) {
    throw Error(ErrorCode::invalid_argument, "linear layer",
                "a weight of " + std::to_string(out) + " x " + std::to_string(in),
                std::to_string(weight.size()) + " numbers");
  }
  if (!bias.empty() && bias.size() != out) {
    throw Error(ErrorCode::invalid_argument, "linear layer", "a bias of " + std::to_string(out),
                std::to_string(bias.size()) + " numbers");
  }
  if (dtype == DType::int8 && in > kMostInt8) {
    throw Error(ErrorCode::unsupported, "linear layer in int8", "at most " + std::to_string(kMostInt8) + " inputs",
                std::to_string(in));
  }
}

}  // namespace

std::unique_ptr<const Linear> Linear::pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, DType dtype) {
  return pack(weight, bias, out, in, dtype, kernels::best());
}

std::unique_ptr<const Linear> Linear::pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, DType dtype, const Kernels& kernels) {
  check(weight, bias, out, in, dtype);
  return std::make_unique<PackedLinear>(pack_weight(weight, bias, out, in, dtype), out, in, dtype, kernels);
}

}  // namespace bertrt::engine::packed
