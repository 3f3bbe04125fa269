#pragma once

#include <cstddef>
#include <cstdint>

namespace bertrt::kernels::ops {

/// out += row, for a row of fp32 or of IEEE half values, or of integers with a scale; width values each.
void add_row(const float* row, std::size_t width, float* out);
void add_row_half(const std::uint16_t* row, std::size_t width, float* out);
/// out += scale * row
void add_row_int8(const std::int8_t* row, float scale, std::size_t width, float* out);

/// The greatest magnitude; NaN, which is above infinity, where there is one.
float greatest(const float* values, std::size_t count);
/// Whether every half is a number: neither infinity nor NaN.
bool are_finite(const std::uint16_t* halves, std::size_t count);

/// IEEE half values to fp32 (exact) and back (to nearest even).
void widen(const std::uint16_t* in, std::size_t count, float* out);
void narrow(const float* in, std::size_t count, std::uint16_t* out);

/// y[r * y_stride + t] = dot(x[r], table[t]) + bias[t]: a product with a table that stays row-major because something
/// else reads its rows (word embeddings tied to a decoder). Streams the table once, whatever `rows` is.
///
/// @param x      [rows, width], row-major
/// @param table  [entries, width], row-major
/// @param bias   [entries] or null
void row_dot(const float* x, std::size_t rows, std::size_t width, const float* table, std::size_t entries,
             const float* bias, float* y, std::size_t y_stride);
/// The same for a table of halves. @param scratch  [64, width] fp32 of the caller's
void row_dot_half(const float* x, std::size_t rows, std::size_t width, const std::uint16_t* table, std::size_t entries,
                  const float* bias, float* y, std::size_t y_stride, float* scratch);

/// Entries that row_dot works on at a time: a multiple of this is the best border between two threads' shares.
inline constexpr std::size_t kRowDotBlock = 64;

}  // namespace bertrt::kernels::ops
