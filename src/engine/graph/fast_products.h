#pragma once

#include "graph/value.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::graph {

/// [..., M, K] x [..., K, N] of float32, matrix by matrix. False where the axes in front are not the same.
bool products(const bertrt::graph::Tensor& a, const bertrt::graph::Tensor& b, bertrt::graph::Value& result,
              kernels::ThreadPool& pool);

}  // namespace bertrt::engine::graph
