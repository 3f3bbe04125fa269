#pragma once

#include <cstddef>
#include <cstdint>

#include "archive/tensor.h"
#include "kernels/linear_scratch.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// A table whose rows are looked up (embeddings), kept row-major in fp32 or in halves; a decoder that is tied to it
/// multiplies with it where it lies.
///
/// Immutable: const calls may run on many threads at once.
class RowTable {
 public:
  RowTable() = default;
  /// Copies a tensor [rows, width] of floating-point numbers, whatever its strides. Halves stay halves; anything else
  /// becomes fp32, or halves when `halve`.
  static RowTable copy(const archive::TensorView& tensor, bool halve, kernels::ThreadPool& pool);

  std::size_t rows() const noexcept { return rows_; }
  std::size_t width() const noexcept { return width_; }
  std::size_t memory_bytes() const noexcept { return data_.size(); }
  bool halves() const noexcept { return halves_; }

  /// out[i] += row `index`; out has width() values.
  void add(std::size_t index, float* out) const;

  /// y = x tableᵀ + bias. @param x  [count, width()]  @param bias  [rows()]  @param y  [count, rows()]
  void multiply(const float* x, std::size_t count, const float* bias, float* y, kernels::ThreadPool& pool,
                kernels::AlignedBuffer& scratch) const;

 private:
  const float* wide() const noexcept { return reinterpret_cast<const float*>(data_.data()); }
  const std::uint16_t* half() const noexcept { return reinterpret_cast<const std::uint16_t*>(data_.data()); }

  kernels::AlignedBuffer data_;
  bool halves_ = false;
  std::size_t rows_ = 0;
  std::size_t width_ = 0;
};

}  // namespace bertrt::engine::packed
