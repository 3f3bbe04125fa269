#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bertrt/session.h"
#include "kernels/linear_scratch.h"
#include "kernels/thread_pool.h"
#include "kernels/weight_arena.h"
#include "kernels/weight_source.h"

namespace bertrt::kernels {

namespace isa {
struct Kernels;
}

/// An element-wise function after a linear layer.
enum class Activation {
  none,
  gelu_erf,   ///< x/2 (1 + erf(x/√2)): Hugging Face's "gelu"
  gelu_tanh,  ///< its tanh approximation: "gelu_new", "gelu_pytorch_tanh"
  relu,
  tanh,
  silu,  ///< x / (1 + exp(-x))
};

/// Which number an integer from 0 to 255 stands for: scale * (integer - zero).
struct InputGrid {
  float scale = 1;
  std::int32_t zero = 0;
};

/// How a layer is run: y = activation(x Wᵀ + bias), on rows that may stand apart from each other (row_pitch()).
struct LinearCall {
  Activation activation = Activation::none;
  std::size_t x_stride = 0;  ///< values from one row to the next; 0: in()
  std::size_t y_stride = 0;  ///< the same; 0: out()
  /// int8: what all rows are quantized over; null: each over its own range
  const InputGrid* grid = nullptr;
};

/// y = x Wᵀ + b with the weight packed once for this machine's instructions, in fp32, bf16 or int8.
///
/// Immutable: run() may be called from many threads at once, each with a scratch of its own. The result's bits do not
/// depend on the number of threads nor on which other rows are in the call. int8 gives the same bits on every
/// instruction set; fp32 and bf16 differ there by rounding.
class Linear {
 public:
  /// @param weight  [out, in], row-major; not kept
  /// @param bias    [out], or empty; not kept
  /// @param dtype   int8: weights symmetric per output channel, inputs asymmetric (u8) per row, quantized at run time;
  ///                bf16: both rounded to nearest even, products summed in fp32
  /// @throws Error invalid_argument when the sizes do not fit
  static std::unique_ptr<const Linear> pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                            std::size_t in, DType dtype);
  /// The same from rows that are brought one panel at a time, so that no copy of the whole weight need exist, into
  /// memory of an arena (null: of its own). @throws Error as above, and what `weight` throws
  static std::unique_ptr<const Linear> pack(const WeightSource& weight, std::span<const float> bias, std::size_t out,
                                            std::size_t in, DType dtype, WeightArena* arena);
  /// The same in int8 of integers that are stored as such, which are not quantized anew.
  /// @throws Error as above
  static std::unique_ptr<const Linear> pack(const IntegerSource& weight, std::span<const float> bias, std::size_t out,
                                            std::size_t in, WeightArena* arena);
  /// What pack() takes from an arena.
  static std::size_t arena_room(std::size_t out, std::size_t in, DType dtype);
  /// The same with kernels of the caller's choice, which must outlive the layer: for tests and measurements.
  static std::unique_ptr<const Linear> pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                            std::size_t in, DType dtype, const isa::Kernels& kernels);
  virtual ~Linear() = default;

  /// @param x  [rows, in]
  /// @param y  [rows, out]; must not overlap x
  virtual void run(const float* x, std::size_t rows, float* y, const LinearCall& call, ThreadPool& pool,
                   Scratch& scratch) const = 0;

  virtual std::size_t memory_bytes() const noexcept = 0;  ///< of the packed weight and what belongs to it
  virtual std::string kernel() const = 0;                 ///< what runs, e.g. "AVX3 multiply-add 14x32"; for inspect

  std::size_t in() const noexcept { return in_; }
  std::size_t out() const noexcept { return out_; }
  DType dtype() const noexcept { return dtype_; }

 protected:
  Linear(std::size_t out, std::size_t in, DType dtype) : out_(out), in_(in), dtype_(dtype) {}

 private:
  std::size_t out_;
  std::size_t in_;
  DType dtype_;
};

}  // namespace bertrt::kernels
