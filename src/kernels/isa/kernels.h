#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bertrt::kernels {
enum class Activation;
}

namespace bertrt::kernels::isa {

// One layout for every dtype and instruction set. A *word* is 32 bits: one fp32, two bf16 or four int8 values that
// follow one another along K. K is padded with zeros to whole *groups* of four words (16 bytes).
//
//   weight  [panel][word of K][kPanel columns]              a panel streams through the kernel once for each tile
//   input   [tile][group of K][row of the tile][4 words]    a tile is at most `max_rows` rows
//
// Kernels that must widen bf16 or int8 before they multiply take a *wide* input: its words are 64 bits, two fp32 or
// four 16-bit integers, so that it is widened once and not for every panel. Kernels that multiply matrices (AMX) take a
// *blocked* one:
//
//   input   [tile][block of 4 groups][row of the tile][16 words]
//
// with K padded with zeros to whole blocks, and room for whole steps of 16 rows.
inline constexpr std::size_t kPanel = 32;
inline constexpr std::size_t kGroupWords = 4;
inline constexpr std::size_t kGroupBytes = 16;
inline constexpr std::size_t kWideGroupBytes = 32;
inline constexpr std::size_t kBlockGroups = 4;
inline constexpr std::size_t kBlockRows = 16;
inline constexpr std::size_t kRegisterRows = 14;  // of the tiles whose sums vector registers hold
inline constexpr std::size_t kMaxTileRows = 32;

enum class InputLayout { narrow, wide, blocked };

constexpr std::size_t round_up(std::size_t n, std::size_t step) { return (n + step - 1) / step * step; }

/// What a tile's inner loop brings nearer while it runs: `step` bytes from `from` on for each group of K.
struct Prefetch {
  const std::byte* from = nullptr;
  std::size_t step = 0;
};

/// sums[row][kPanel] = input tile · weight panel (added to what is there when `add`), over `groups` groups of K; fp32,
/// or int32 for int8. Inputs and sums are aligned to 64 bytes. Prefetched addresses need not exist. Kernels that take
/// blocked inputs write the sums of whole steps of rows.
using TileKernel = void (*)(const void* input, const void* panel, std::size_t groups, void* sums, bool add,
                            Prefetch prefetch);

// Lines of 64 bytes that the two forms of a kernel prefetch for each group of K.
inline constexpr std::size_t kStreamingLines = 8;
inline constexpr std::size_t kResidentLines = 4;

/// The kernels for tiles of 1 … max_rows rows, in two forms that differ in what they prefetch for each group of K:
/// `streaming` a panel's whole group (512 bytes), for a panel that comes from memory for this tile alone; `resident`
/// 256 bytes into the second-level cache, the share in the next panel of one of at least two tiles.
struct TileKernels {
  TileKernel streaming[kMaxTileRows + 1] = {};
  TileKernel resident[kMaxTileRows + 1] = {};
  std::size_t max_rows = 0;
  InputLayout layout = InputLayout::narrow;
  bool native = false;  ///< whether an instruction of the processor's multiplies the dtype's numbers as they are
  const char* name = "";
  /// What a thread calls before the first of them and after the last; null: nothing.
  void (*enter)() = nullptr;
  void (*leave)() = nullptr;

  std::size_t input_group_bytes() const noexcept { return layout == InputLayout::wide ? kWideGroupBytes : kGroupBytes; }
  /// Groups of K, and rows, as an input's layout has them.
  std::size_t whole_groups(std::size_t groups) const noexcept {
    return layout == InputLayout::blocked ? round_up(groups, kBlockGroups) : groups;
  }
  std::size_t row_step() const noexcept { return layout == InputLayout::blocked ? kBlockRows : 1; }
  std::size_t whole_rows(std::size_t rows) const noexcept { return round_up(rows, row_step()); }
};

/// While it lives, its thread may call the kernels, and must call nothing that might use the same registers.
class InUse {
 public:
  explicit InUse(const TileKernels& tiles) : leave_(tiles.leave) {
    if (tiles.enter != nullptr) tiles.enter();
  }
  ~InUse() {
    if (leave_ != nullptr) leave_();
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  void (*leave_)();
};

/// What turns a tile of sums into results; the columns are one panel's.
struct Finish {
  const float* bias = nullptr;              ///< [kPanel]
  const float* scales = nullptr;            ///< [kPanel], int8: the weight's
  const std::int32_t* sums = nullptr;       ///< [kPanel], int8: of the weight's columns
  const float* row_scales = nullptr;        ///< [rows], int8: the input's
  const std::int32_t* row_zeros = nullptr;  ///< [rows], int8: the input's zero points
  Activation activation{};
  float* out = nullptr;  ///< row stride `stride`
  std::size_t stride = 0;
  std::size_t columns = kPanel;  ///< how many of the panel's columns exist
};

/// Input rows as they lie in memory.
struct Rows {
  const float* x;
  std::size_t in;      ///< values in a row
  std::size_t stride;  ///< from one row to the next
};

/// A function in its form for each layout of inputs.
template <class Function>
struct ByLayout {
  Function narrow{};
  Function wide{};
  Function blocked{};

  Function of(InputLayout layout) const noexcept {
    return layout == InputLayout::wide ? wide : layout == InputLayout::blocked ? blocked : narrow;
  }
};

/// Everything that one instruction set offers.
struct Kernels {
  const char* target = "";
  TileKernels fp32;
  TileKernels bf16;
  TileKernels int8;
  void (*finish_float)(const float* sums, std::size_t rows, const Finish& finish) = nullptr;
  void (*finish_int8)(const std::int32_t* sums, std::size_t rows, const Finish& finish) = nullptr;
  /// So many rows into one tile's layout.
  void (*pack_fp32)(const Rows& from, std::size_t rows, void* tile) = nullptr;
  ByLayout<void (*)(const Rows& from, std::size_t rows, void* tile)> pack_bf16;
  /// The same, quantized by row to x ≈ scale * (q - zero); q in 0 … 255, 0 is met exactly.
  ByLayout<void (*)(const Rows& from, std::size_t rows, void* tile, float* scales, std::int32_t* zeros)> quantize;
  /// The same over a grid that all rows share: round(x / scale + zero), bounded to 0 … 255.
  ByLayout<void (*)(const Rows& from, std::size_t rows, void* tile, float scale, std::int32_t zero)> quantize_over;
};

/// The best that this machine has, chosen once in a process: by what its processor offers, weighed by a measurement of
/// some milliseconds (calibration.h).
///
/// The environment's BERTRT_MAX_ISA (read once; empty: no limit) pins it to at most what it names: "amx",
/// "avx512bf16", "avx512vnni", "avx512", "avx2", "sse4", "ssse3", "sse2" or "scalar", on ARM "neon" or "scalar", in any
/// case of letters; Highway's own names stand for the same (AVX3 for avx512, AVX3_DL for avx512vnni, AVX3_ZEN4 and
/// AVX3_SPR for avx512bf16, EMU128 for scalar). A level of which nothing is compiled, as "scalar" where SSE2 can be
/// taken for granted, is the plainest that is.
/// @throws Error invalid_argument for another name
const Kernels& best();

/// The kernels that BERTRT_MAX_ISA pins to with this name. @throws Error invalid_argument
Kernels at_most(std::string_view level);

/// Each set of kernels that this machine can run, the plainest first: for tests and measurements.
std::vector<Kernels> all();

}  // namespace bertrt::kernels::isa
