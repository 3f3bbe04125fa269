#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bertrt/session.h"
#include "kernels/linear_scratch.h"
#include "kernels/weight_arena.h"
#include "kernels/weight_source.h"

namespace bertrt::kernels {

/// A weight in the kernels' panels (kernels/kernels.h), with what belongs to its columns, padded to whole panels.
struct PackedWeight {
  AlignedBuffer panels;  ///< [panels][groups of K][4 words][kPanel]
  AlignedBuffer bias;    ///< float [panels * kPanel]
  AlignedBuffer scales;  ///< int8: float [panels * kPanel]
  AlignedBuffer sums;    ///< int8: int32 [panels * kPanel], of each column
  std::size_t panel_count = 0;
  std::size_t groups = 0;  ///< of 16 bytes along K

  std::size_t panel_bytes() const noexcept;
  std::size_t memory_bytes() const noexcept;
};

/// How many numbers of a dtype 16 bytes hold.
constexpr std::size_t group_size(DType dtype) { return dtype == DType::fp32 ? 4 : dtype == DType::bf16 ? 8 : 16; }

/// Bytes of the panels of a weight [out, in].
std::size_t panel_memory(std::size_t out, std::size_t in, DType dtype);

/// @param weight  gives the rows of [out, in]  @param bias  [out] or empty  @param arena  has the panels; null: memory
/// of their own. Uses the shared thread pool.
PackedWeight pack_weight(const WeightSource& weight, std::span<const float> bias, std::size_t out, std::size_t in,
                         DType dtype, WeightArena* arena);
/// The same of integers, which are taken as they are, for int8.
PackedWeight pack_weight(const IntegerSource& weight, std::span<const float> bias, std::size_t out, std::size_t in,
                         WeightArena* arena);

}  // namespace bertrt::kernels
