#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "archive/tensor.h"
#include "kernels/linear_scratch.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// What a table's rows are kept in; integers have a scale a row.
enum class RowFormat : std::uint8_t { fp32, fp16, int8 };

/// A table whose rows are looked up (embeddings), kept row-major; a decoder that is tied to it multiplies with it where
/// it lies.
///
/// Immutable: const calls may run on many threads at once.
class RowTable {
 public:
  RowTable() = default;
  /// Copies a tensor [rows, width] of floating-point numbers, or of integers with scales, whatever its strides. Halves
  /// stay halves where fp32 is wanted. A row with a value that is no finite number has no number in int8.
  static RowTable copy(const archive::TensorView& tensor, RowFormat wanted, kernels::ThreadPool& pool);

  std::size_t rows() const noexcept { return rows_; }
  std::size_t width() const noexcept { return width_; }
  std::size_t memory_bytes() const noexcept { return data_.size() + scales_.size() * sizeof(float); }
  RowFormat format() const noexcept { return format_; }
  /// Whether a value is no finite number.
  bool is_odd() const noexcept { return odd_; }

  /// out[i] += row `index`; out has width() values.
  void add(std::size_t index, float* out) const;

  /// y = x tableᵀ + bias, for a table that is not of integers. @param x  [count, width()]  @param bias  [rows()] @param
  /// y  [count, rows()]
  void multiply(const float* x, std::size_t count, const float* bias, float* y, kernels::ThreadPool& pool,
                kernels::AlignedBuffer& scratch) const;

 private:
  const float* wide() const noexcept { return reinterpret_cast<const float*>(data_.data()); }
  const std::uint16_t* half() const noexcept { return reinterpret_cast<const std::uint16_t*>(data_.data()); }
  const std::int8_t* integers() const noexcept { return reinterpret_cast<const std::int8_t*>(data_.data()); }

  kernels::AlignedBuffer data_;
  std::vector<float> scales_;  ///< of each row of integers
  RowFormat format_ = RowFormat::fp32;
  bool odd_ = false;
  std::size_t rows_ = 0;
  std::size_t width_ = 0;
};

}  // namespace bertrt::engine::packed
