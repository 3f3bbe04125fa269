#pragma once

#include "engine/packed/encoder_weights.h"
#include "engine/packed/slice.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// Word + position + type rows, normalized unless the norm comes last: [tokens, embedding size] into `out`, rows
/// row_pitch(embedding size) apart.
/// @param takes_positions  the layers read positions, if there is no table of them
/// @throws Error invalid_argument for an id, type or position outside its table, or positions that nothing reads
void embed(const Slice& slice, const EmbeddingWeights& weights, bool takes_positions, kernels::ThreadPool& pool,
           float* out);

}  // namespace bertrt::engine::packed
