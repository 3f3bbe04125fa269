#include "engine/packed/convolution.h"

#include <algorithm>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "engine/packed/masked_rows.h"
#include "engine/packed/packer.h"
#include "engine/packed/row_pitch.h"

namespace bertrt::engine::packed {
namespace {

// [out, tokens * hidden]: what a row of neighbouring tokens side by side is multiplied with.
std::vector<float> side_by_side(const family::Weight& weight, std::size_t hidden) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  const auto group = static_cast<std::size_t>(weight.tensor.shape[1]);
  const auto tokens = static_cast<std::size_t>(weight.tensor.shape[2]);
  std::vector<float> matrix(hidden * tokens * hidden, 0.0F);
  for (std::size_t out = 0; out < hidden; ++out) {
    const std::size_t first = out / group * group;  // as many outputs as inputs in a group
    for (std::size_t in = 0; in < group; ++in) {
      for (std::size_t t = 0; t < tokens; ++t) {
        matrix[(out * tokens + t) * hidden + first + in] = values[(out * group + in) * tokens + t];
      }
    }
  }
  return matrix;
}

}  // namespace

Convolution::Convolution(const family::ConvolutionSpec& spec, std::size_t hidden, bool masks, DType dtype)
    : hidden_(hidden), masks_(masks), activation_(activation_of(spec.activation)), norm_(norm_of(spec.norm, hidden)) {
  const auto& shape = spec.weight.tensor.shape;
  const auto width = static_cast<std::int64_t>(hidden);
  const bool good = shape.size() == 3 && shape[0] == width && shape[1] > 0 && width % shape[1] == 0 && shape[2] > 0 &&
                    shape[2] % 2 == 1 && shape[2] <= 1023;
  if (!good) {
    throw Error(ErrorCode::model_mismatch, spec.weight.name,
                "[" + std::to_string(hidden) + ", a divisor of it, an odd number of tokens up to 1023]",
                std::to_string(shape.size()) + " dimensions of other sizes");
  }
  check_shape(spec.weight, shape);  // of its type
  const auto tokens = static_cast<std::size_t>(shape[2]);
  half_ = tokens / 2;
  linear_ = kernels::Linear::pack(side_by_side(spec.weight, hidden), vector_of(spec.bias, hidden), hidden,
                                  tokens * hidden, dtype);
}

const float* Convolution::run(const Slice& slice, const float* rows, kernels::ThreadPool& pool,
                              kernels::AlignedBuffer& memory, kernels::Scratch& scratch) const {
  // Texts behind each other with zeros between them: a token's neighbours are then a stretch of the whole.
  const std::size_t pitch = row_pitch(hidden_);
  const std::size_t outputs = slice.tokens() + (slice.size() - 1) * half_;
  const std::size_t inputs = outputs + 2 * half_;
  const std::size_t room = (inputs * hidden_ + 15) / 16 * 16;
  auto* in = reinterpret_cast<float*>(memory.reserve((room + outputs * pitch) * sizeof(float)));
  float* out = in + room;
  float* to = in;
  for (std::size_t text = 0; text < slice.size(); ++text) {
    to = std::fill_n(to, half_ * hidden_, 0.0F);
    const float* from = rows + slice.begin(text) * pitch;
    for (std::size_t i = 0; i < slice.length(text); ++i, from += pitch) to = std::copy_n(from, hidden_, to);
  }
  std::fill_n(to, half_ * hidden_, 0.0F);
  linear_->run(in, outputs, out, {.activation = activation_, .x_stride = hidden_, .y_stride = pitch}, pool, scratch);
  for (std::size_t text = 1; text < slice.size(); ++text) {
    const float* from = out + (slice.begin(text) + text * half_) * pitch;
    std::copy_n(from, slice.length(text) * pitch, out + slice.begin(text) * pitch);
  }
  if (masks_) zero_masked(slice, out, pitch, hidden_);
  return out;
}

void Convolution::add(const Slice& slice, const float* convolved, float* rows, kernels::ThreadPool& pool) const {
  const std::size_t pitch = row_pitch(hidden_);
  norm_.run(rows, convolved, slice.tokens(), pitch, pool);
  if (masks_) zero_masked(slice, rows, pitch, hidden_);
}

}  // namespace bertrt::engine::packed
