#pragma once

#include <cstddef>

#include "bertrt/session.h"
#include "kernels/ops/attention.h"

namespace bertrt::kernels {

namespace isa {
struct TileKernels;
}

namespace ops {

/// A way to compute attention: attention(), or one that takes its place.
struct AttentionKernel {
  /// fp32 values of scratch for texts up to `length`; a multiple of kAttentionColumns
  std::size_t (*scratch_size)(std::size_t length, std::size_t head_size) = attention_scratch_size;
  /// @param scratch  so many values, 64-byte aligned, contents undefined
  void (*run)(const AttentionTask& task, float* scratch) = attention;
};

/// The kernel of a session that computes in `dtype`. fp32's is attention(); that of bf16 and int8 is narrow_attention()
/// where the processor multiplies pairs of bf16 (vdpbf16ps, or AMX) and the text is long enough to be worth the
/// packing, and attention() else: to widen bf16 before it is multiplied would win nothing.
AttentionKernel attention_kernel(DType dtype);

/// attention() with queries, keys, values and shares rounded to bf16 (to nearest); sums, softmax and results in fp32.
/// 512 keys at a time, with each row's maximum and sum carried along. A value's bits do not depend on the task's rows.
/// @param tiles    of bf16, for inputs that are not wide
/// @param scratch  narrow_attention_scratch_size() values, 64-byte aligned, contents undefined
void narrow_attention(const AttentionTask& task, const isa::TileKernels& tiles, float* scratch);

/// fp32 values of scratch that narrow_attention() needs; a multiple of kAttentionColumns.
std::size_t narrow_attention_scratch_size(std::size_t length, std::size_t head_size);

}  // namespace ops
}  // namespace bertrt::kernels
