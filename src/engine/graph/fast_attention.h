#pragma once

#include "graph/evaluate.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::graph {

/// A value as a known tensor of float32; null where it is none.
const bertrt::graph::Tensor* floats(const bertrt::graph::Value& value);

/// aten::scaled_dot_product_attention of one text by a fast kernel: query, key and value [1, heads, tokens, size] that
/// lie alike, without dropout, and a mask that hides no query from all keys. False where it is another: the plain
/// evaluation says then what comes out.
bool attention(const bertrt::graph::Event& event, bertrt::graph::Value& result, kernels::ThreadPool& pool);

}  // namespace bertrt::engine::graph
