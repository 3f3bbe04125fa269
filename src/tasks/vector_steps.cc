#include "tasks/vector_steps.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "archive/tensor.h"
#include "bertrt/error.h"
#include "kernels/linear.h"
#include "kernels/thread_pool.h"

namespace bertrt::tasks {
namespace {

std::vector<float> floats(const family::Weight& weight) { return archive::to_float32(weight.tensor); }

void check_width(const std::string& what, std::size_t expected, std::size_t found) {
  if (expected == found) return;
  throw Error(ErrorCode::model_mismatch, what, "vectors of " + std::to_string(expected) + " columns in front of it",
              std::to_string(found));
}

class DenseStep final : public VectorSteps::Step {
 public:
  explicit DenseStep(const family::DenseModule& module) : activation_(module.activation), residual_(module.residual) {
    const std::size_t out = module.dense.out();
    const std::size_t in = module.dense.in();
    const std::vector<float> bias = module.dense.bias ? floats(*module.dense.bias) : std::vector<float>();
    if (!bias.empty()) check_width("Dense, linear.bias", out, bias.size());
    linear_ = kernels::Linear::pack(floats(module.dense.weight), bias, out, in, DType::fp32);
    if (!module.residual_weight) return;
    projection_ = kernels::Linear::pack(floats(*module.residual_weight), {}, out, in, DType::fp32);
  }

  void run(std::vector<float>& rows) const override {
    std::vector<float> out = product(*linear_, rows);
    if (activation_ != nullptr) {
      for (float& value : out) value = static_cast<float>(activation_(static_cast<double>(value)));
    }
    if (projection_) rows = product(*projection_, rows);
    if (residual_) std::transform(out.begin(), out.end(), rows.begin(), out.begin(), std::plus<>());
    rows = std::move(out);
  }

 private:
  static std::vector<float> product(const kernels::Linear& linear, const std::vector<float>& rows) {
    const std::size_t count = rows.size() / linear.in();
    std::vector<float> out(count * linear.out());
    kernels::Scratch scratch;
    if (count > 0) linear.run(rows.data(), count, out.data(), {}, kernels::ThreadPool::serial(), scratch);
    return out;
  }

  std::unique_ptr<const kernels::Linear> linear_;
  std::unique_ptr<const kernels::Linear> projection_;  ///< of the residual; null: it is added as it is
  family::TorchFunction activation_;
  bool residual_;
};

class LayerNormStep final : public VectorSteps::Step {
 public:
  explicit LayerNormStep(const family::LayerNormModule& module)
      : gamma_(floats(module.norm.gamma)),
        beta_(floats(*module.norm.beta)),
        eps_(static_cast<double>(module.norm.eps)) {
    check_width("LayerNorm, norm.bias", gamma_.size(), beta_.size());
  }

  std::size_t width() const { return gamma_.size(); }

  void run(std::vector<float>& rows) const override {
    const std::size_t width = gamma_.size();
    for (std::size_t at = 0; at < rows.size(); at += width) {
      const std::span<float> row(rows.data() + at, width);
      double mean = 0;
      double variance = 0;
      for (const float x : row) mean += static_cast<double>(x);
      mean /= static_cast<double>(width);
      for (const float x : row) variance += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean);
      const double scale = 1 / std::sqrt(variance / static_cast<double>(width) + eps_);
      for (std::size_t i = 0; i < width; ++i) {
        row[i] = static_cast<float>((static_cast<double>(row[i]) - mean) * scale) * gamma_[i] + beta_[i];
      }
    }
  }

 private:
  std::vector<float> gamma_;
  std::vector<float> beta_;
  double eps_;
};

class NormalizeStep final : public VectorSteps::Step {
 public:
  explicit NormalizeStep(std::size_t width) : width_(width) {}
  void run(std::vector<float>& rows) const override { normalize_rows(rows, width_); }

 private:
  std::size_t width_;
};

}  // namespace

void normalize_rows(std::span<float> rows, std::size_t width) {
  constexpr double kLeast = 1e-12;
  if (width == 0) return;
  for (std::size_t at = 0; at + width <= rows.size(); at += width) {
    const std::span<float> row = rows.subspan(at, width);
    double sum = 0;
    for (const float x : row) sum += static_cast<double>(x) * static_cast<double>(x);
    const double norm = std::sqrt(sum);
    const double divisor = norm < kLeast ? kLeast : norm;  // not a number stays one
    for (float& x : row) x = static_cast<float>(static_cast<double>(x) / divisor);
  }
}

void VectorSteps::add(const family::DenseModule& module) {
  check_width("Dense", module.dense.in(), out_);
  if (module.dense.in() == 0 || module.dense.out() == 0) {
    throw Error(ErrorCode::model_mismatch, "Dense", "columns to read and to give", "none");
  }
  steps_.push_back(std::make_shared<const DenseStep>(module));
  out_ = module.dense.out();
}

void VectorSteps::add(const family::LayerNormModule& module) {
  auto step = std::make_shared<const LayerNormStep>(module);
  check_width("LayerNorm", step->width(), out_);
  steps_.push_back(std::move(step));
}

void VectorSteps::add_normalize() { steps_.push_back(std::make_shared<const NormalizeStep>(out_)); }

std::vector<float> VectorSteps::run(std::vector<float> rows) const {
  for (const auto& step : steps_) step->run(rows);
  return rows;
}

}  // namespace bertrt::tasks
