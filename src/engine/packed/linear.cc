#include "engine/packed/linear.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

float activate(float x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::gelu_erf: return 0.5F * x * (1.0F + std::erf(x * 0.70710678F));
    case Activation::gelu_tanh: return 0.5F * x * (1.0F + std::tanh(0.79788456F * (x + 0.044715F * x * x * x)));
    case Activation::relu: return std::max(x, 0.0F);
    case Activation::tanh: return std::tanh(x);
  }
  return x;
}

// The plain form, for every dtype.
class PlainLinear final : public Linear {
 public:
  PlainLinear(std::span<const float> weight, std::span<const float> bias, std::size_t out, std::size_t in, DType dtype)
      : Linear(out, in, dtype), weight_(weight.begin(), weight.end()), bias_(bias.begin(), bias.end()) {
    bias_.resize(out, 0.0F);
  }

  void run(const float* x, std::size_t rows, float* y, const Epilogue& epilogue, ThreadPool& pool,
           Scratch& /*scratch*/) const override {
    const std::size_t parts = std::min(out(), pool.threads());
    pool.run(parts, [&](std::size_t part) {
      for (std::size_t n = out() * part / parts; n < out() * (part + 1) / parts; ++n) {
        const float* weight = weight_.data() + n * in();
        for (std::size_t m = 0; m < rows; ++m) {
          float sums[16] = {};
          for (std::size_t k = 0; k < in(); ++k) sums[k % 16] += x[m * in() + k] * weight[k];
          float sum = bias_[n];
          for (float s : sums) sum += s;
          sum = activate(sum, epilogue.activation);
          if (epilogue.residual != nullptr) sum += epilogue.residual[m * out() + n];
          y[m * out() + n] = sum;
        }
      }
    });
  }

  std::size_t memory_bytes() const noexcept override { return (weight_.size() + bias_.size()) * sizeof(float); }
  std::string kernel() const override { return "plain"; }

 private:
  std::vector<float> weight_;
  std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<const Linear> Linear::pack(std::span<const float> weight, std::span<const float> bias, std::size_t out,
                                           std::size_t in, DType dtype) {
  if (out == 0 || in == 0 || weight.size() != out * in) {
    throw Error(ErrorCode::invalid_argument, "Linear::pack",
                std::to_string(out) + " x " + std::to_string(in) + " weights", std::to_string(weight.size()));
  }
  if (!bias.empty() && bias.size() != out) {
    throw Error(ErrorCode::invalid_argument, "Linear::pack", std::to_string(out) + " biases or none",
                std::to_string(bias.size()));
  }
  return std::make_unique<PlainLinear>(weight, bias, out, in, dtype);
}

}  // namespace bertrt::engine::packed
