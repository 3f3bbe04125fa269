#pragma once

#include <cstddef>

namespace bertrt::kernels::ops {

/// out[i] = f(x[i]); `out` may be `x`. Errors are those of the epilogues (isa/math-inl.h): below 4e-7 of max(1, |x|).
void gelu_erf(const float* x, std::size_t count, float* out);
void gelu_tanh(const float* x, std::size_t count, float* out);
void tanh(const float* x, std::size_t count, float* out);

/// x[i] *= y[i].
void multiply(const float* y, std::size_t count, float* x);

/// The softmax of each row of [rows, width]; `out` may be `x`. A row without a finite value gives no numbers (NaN).
void softmax(const float* x, std::size_t rows, std::size_t width, float* out);

}  // namespace bertrt::kernels::ops
