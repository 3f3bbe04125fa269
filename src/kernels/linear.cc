#include "kernels/linear.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "kernels/isa/kernels.h"
#include "kernels/linear_weights.h"
#include "kernels/tiling.h"

namespace bertrt::kernels {
namespace {

using isa::Kernels;
using isa::kGroupBytes;
using isa::kPanel;

// A core's second-level cache (1 MB or more where it matters) is to hold the rows that are run through one panel after
// the other, the panel, and the next one on its way. So rows are taken in blocks of this size, and K is cut where a
// panel is larger than its part; a cut costs a store and a load of the sums, worth it for some tiles.
constexpr std::size_t kBlockBytes = std::size_t{512} << 10;
constexpr std::size_t kCutPanelBytes = std::size_t{128} << 10;
constexpr std::size_t kTilesToCutK = 4;
// Input that is worth packing on several threads.
constexpr std::size_t kParallelPackBytes = std::size_t{64} << 10;
// Parts for each thread: enough that a thread which was held up does not hold up the rest.
constexpr std::size_t kPartsPerThread = 4;

// A panel's bytes for each group of K, and how far ahead of its use a panel is fetched that is used once.
constexpr std::size_t kGroupPanelBytes = kGroupBytes * kPanel;
constexpr std::size_t kPrefetchAhead = 6144;

void prefetch_line(const void* line) {
#if defined(__GNUC__)
  __builtin_prefetch(line, 1);
#else
  static_cast<void>(line);
#endif
}

std::size_t share(std::size_t count, std::size_t part, std::size_t parts) { return count * part / parts; }

class PackedLinear final : public Linear {
 public:
  PackedLinear(PackedWeight weight, std::size_t out, std::size_t in, DType dtype, const Kernels& kernels)
      : Linear(out, in, dtype), weight_(std::move(weight)), kernels_(kernels) {}

  void run(const float* x, std::size_t rows, float* y, const LinearCall& call, ThreadPool& pool,
           Scratch& scratch) const override {
    if (rows == 0) return;
    const Tiling tiling(rows, tiles());
    const Input input = pack_rows(x, call, tiling, pool, scratch);
    Work work{input, tiling, call, y, nullptr, 1};
    if (work.call.y_stride == 0) work.call.y_stride = out();
    if (tiling.count() >= kTilesToCutK) {
      work.cuts = (weight_.panel_bytes() + kCutPanelBytes - 1) / kCutPanelBytes;
      if (work.cuts > 1) {
        work.sums =
            scratch.sums.reserve(tiles().whole_rows(rows) * weight_.panel_count * kPanel * sizeof(std::uint32_t));
      }
    }

    const std::size_t row_bytes = this->row_bytes() / work.cuts;
    const std::size_t tiles_a_block = std::max<std::size_t>(1, kBlockBytes / (row_bytes * tiling.largest()));
    const std::size_t blocks = (tiling.count() + tiles_a_block - 1) / tiles_a_block;
    const std::size_t threads = pool.threads();
    const std::size_t slices_a_thread = threads == 1 ? 1 : std::min(kPartsPerThread, weight_.panel_count / threads);
    const std::size_t slices = slices_a_thread == 0 ? weight_.panel_count : threads * slices_a_thread;
    pool.run(blocks * slices, [&](std::size_t part) {
      // Parts that follow one another go to different threads; each thread's share of the panels is contiguous.
      const std::size_t block = part / slices;
      const std::size_t turn = part % slices;
      const std::size_t slice = slices_a_thread == 0 ? turn : turn % threads * slices_a_thread + turn / threads;
      const Range panels{share(weight_.panel_count, slice, slices), share(weight_.panel_count, slice + 1, slices)};
      const Range tiles{share(tiling.count(), block, blocks), share(tiling.count(), block + 1, blocks)};
      for (std::size_t cut = 0; cut < work.cuts; ++cut) run_panels(work, cut, panels, tiles);
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

  struct Range {
    std::size_t first;
    std::size_t last;
  };

  // One call of run().
  struct Work {
    const Input& input;
    const Tiling& tiling;
    LinearCall call;
    float* y;
    std::byte* sums;   // [panel][row, in whole steps][kPanel], where K is cut
    std::size_t cuts;  // pieces of K, done one after the other
  };

  const isa::TileKernels& tiles() const noexcept {
    switch (dtype()) {
      case DType::bf16: return kernels_.bf16;
      case DType::int8: return kernels_.int8;
      default: return kernels_.fp32;
    }
  }

  // Of the input.
  std::size_t row_groups() const noexcept { return tiles().whole_groups(weight_.groups); }
  std::size_t row_bytes() const noexcept { return row_groups() * tiles().input_group_bytes(); }

  Input pack_rows(const float* x, const LinearCall& call, const Tiling& tiling, ThreadPool& pool,
                  Scratch& scratch) const {
    const std::size_t stride = call.x_stride == 0 ? in() : call.x_stride;
    const std::size_t rows = tiling.rows();
    const isa::InputLayout layout = tiles().layout;
    Input input{};
    input.rows = scratch.rows.reserve(tiles().whole_rows(rows) * row_bytes());
    if (dtype() == DType::int8) {
      input.scales = reinterpret_cast<float*>(scratch.parts.reserve(rows * (sizeof(float) + sizeof(std::int32_t))));
      input.zeros = reinterpret_cast<std::int32_t*>(input.scales + rows);
    }
    const std::size_t parts = rows * in() * sizeof(float) < kParallelPackBytes
                                  ? 1
                                  : std::min(tiling.count(), pool.threads() * kPartsPerThread);
    pool.run(parts, [&](std::size_t part) {
      const std::size_t last = share(tiling.count(), part + 1, parts);
      for (std::size_t tile = share(tiling.count(), part, parts); tile < last; ++tile) {
        const std::size_t first = tiling.first(tile);
        const std::size_t size = tiling.size(tile);
        const isa::Rows from{x + first * stride, in(), stride};
        std::byte* to = input.rows + first * row_bytes();
        switch (dtype()) {
          case DType::fp32: kernels_.pack_fp32(from, size, to); break;
          case DType::bf16: kernels_.pack_bf16.of(layout)(from, size, to); break;
          case DType::int8:
            if (call.grid != nullptr) {
              std::fill_n(input.scales + first, size, call.grid->scale);
              std::fill_n(input.zeros + first, size, call.grid->zero);
              kernels_.quantize_over.of(layout)(from, size, to, call.grid->scale, call.grid->zero);
              break;
            }
            kernels_.quantize.of(layout)(from, size, to, input.scales + first, input.zeros + first);
            break;
        }
      }
    });
    return input;
  }

  // The group of K that a piece begins with: the first of a block where the input has blocks.
  std::size_t cut_at(std::size_t cut, std::size_t cuts) const noexcept {
    const std::size_t step = tiles().whole_groups(1);
    return std::min(weight_.groups, share(row_groups() / step, cut, cuts) * step);
  }

  void run_panels(const Work& work, std::size_t cut, Range panels, Range tiles) const {
    const std::size_t tile_count = tiles.last - tiles.first;
    const Range groups{cut_at(cut, work.cuts), cut_at(cut + 1, work.cuts)};
    const std::size_t bytes = (groups.last - groups.first) * kGroupPanelBytes;
    const std::size_t sum_rows = this->tiles().whole_rows(work.tiling.rows());
    const isa::InUse in_use(this->tiles());
    for (std::size_t panel = panels.first; panel < panels.last; ++panel) {
      const std::byte* data = weight_.panels.data() + panel * weight_.panel_bytes() + groups.first * kGroupPanelBytes;
      for (std::size_t tile = tiles.first; tile < tiles.last; ++tile) {
        // A panel that more than one tile needs comes from memory while the panel before it is multiplied.
        const bool streaming = tile_count == 1 || (panel == panels.first && tile == tiles.first);
        isa::Prefetch prefetch{data + kPrefetchAhead, kGroupPanelBytes};
        if (!streaming) {
          prefetch = {data + weight_.panel_bytes() + share(bytes, tile - tiles.first, tile_count),
                      (kGroupPanelBytes + tile_count - 1) / tile_count};
        }
        const std::size_t first = work.tiling.first(tile);
        const std::size_t rows = work.tiling.size(tile);
        alignas(64) std::uint32_t own[isa::kMaxTileRows * kPanel];
        void* sums = own;
        if (work.sums != nullptr) {
          sums = work.sums + (panel * sum_rows + first) * kPanel * sizeof(std::uint32_t);
        }
        const bool last_cut = cut + 1 == work.cuts;
        if (last_cut) prefetch_results(work, panel, first, rows);
        const auto& multiply = streaming ? this->tiles().streaming : this->tiles().resident;
        const std::size_t before = first * row_groups() + groups.first * this->tiles().whole_rows(rows);  // groups
        multiply[rows](work.input.rows + before * this->tiles().input_group_bytes(), data, groups.last - groups.first,
                       sums, cut != 0, prefetch);
        if (last_cut) finish_tile(work, panel, first, rows, sums);
      }
    }
  }

  // The lines that a tile's results go to, while it is multiplied.
  void prefetch_results(const Work& work, std::size_t panel, std::size_t first, std::size_t rows) const {
    for (std::size_t r = first; r < first + rows; ++r) {
      const float* row = work.y + r * work.call.y_stride + panel * kPanel;
      prefetch_line(row);
      prefetch_line(row + kPanel / 2);
    }
  }

  void finish_tile(const Work& work, std::size_t panel, std::size_t first, std::size_t rows, const void* sums) const {
    const std::size_t column = panel * kPanel;
    isa::Finish finish;
    finish.bias = reinterpret_cast<const float*>(weight_.bias.data()) + column;
    finish.activation = work.call.activation;
    finish.out = work.y + first * work.call.y_stride + column;
    finish.stride = work.call.y_stride;
    finish.columns = std::min(kPanel, out() - column);
    if (dtype() == DType::int8) {
      finish.scales = reinterpret_cast<const float*>(weight_.scales.data()) + column;
      finish.sums = reinterpret_cast<const std::int32_t*>(weight_.sums.data()) + column;
      finish.row_scales = work.input.scales + first;
      finish.row_zeros = work.input.zeros + first;
      kernels_.finish_int8(static_cast<const std::int32_t*>(sums), rows, finish);
    } else {
      kernels_.finish_float(static_cast<const float*>(sums), rows, finish);
    }
  }

  PackedWeight weight_;
  const Kernels& kernels_;
};

void check_weight(std::span<const float> weight, std::size_t out, std::size_t in) {
  if (out != 0 && in != 0 && weight.size() / out == in && weight.size() % out == 0) return;
  throw Error(ErrorCode::invalid_argument, "linear layer",
              "a weight of " + std::to_string(out) + " x " + std::to_string(in),
              std::to_string(weight.size()) + " numbers");
}

void check(std::span<const float> bias, std::size_t out, std::size_t in, DType dtype) {
  // The sum of so many products of a byte and a signed byte fits into 32 bits.
  constexpr std::size_t kMostInt8 = 2147483647 / (255 * 128);
  if (out == 0 || in == 0) {
    throw Error(ErrorCode::invalid_argument, "linear layer", "inputs and outputs",
                std::to_string(out) + " x " + std::to_string(in));
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
  return pack(weight, bias, out, in, dtype, isa::best());
}

std::unique_ptr<const Linear> Linear::pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, DType dtype, const Kernels& kernels) {
  check_weight(weight, out, in);
  check(bias, out, in, dtype);
  const auto rows = [&](std::size_t first, std::size_t, std::vector<float>&) { return weight.data() + first * in; };
  return std::make_unique<PackedLinear>(pack_weight(rows, bias, out, in, dtype, nullptr), out, in, dtype, kernels);
}

std::unique_ptr<const Linear> Linear::pack(const WeightSource& weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, DType dtype, WeightArena* arena) {
  check(bias, out, in, dtype);
  return std::make_unique<PackedLinear>(pack_weight(weight, bias, out, in, dtype, arena), out, in, dtype, isa::best());
}

std::unique_ptr<const Linear> Linear::pack(const IntegerSource& weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, WeightArena* arena) {
  check(bias, out, in, DType::int8);
  return std::make_unique<PackedLinear>(pack_weight(weight, bias, out, in, arena), out, in, DType::int8, isa::best());
}

std::size_t Linear::arena_room(std::size_t out, std::size_t in, DType dtype) {
  return WeightArena::room_for(panel_memory(out, in, dtype));
}

}  // namespace bertrt::kernels
