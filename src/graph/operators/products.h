#pragma once

#include "graph/call.h"

namespace bertrt::graph {

/// @throws Error runtime for tensors of two types
void check_one_type(const Call& call, const Tensor& a, const Tensor& b);

/// torch.matmul's rules: [.., M, K] x [.., K, N] with broadcasting in front, vectors on either side.
Tensor matrix_product(Call& call, const Tensor& a, const Tensor& b);

/// c[M, N] = a[M, K] b[N, K]ᵀ of rows at the given distances; float sums by 8 lanes.
void rows_times_rows(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c,
                     std::int64_t c_row, std::int64_t m, std::int64_t n, std::int64_t k);

}  // namespace bertrt::graph
