#include "kernels/ops/layer_norm.h"

#include <cmath>

#include "base/simd_dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ops/layer_norm.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace bertrt::kernels::ops {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void layer_norm_row(float* x, const float* residual, const float* gamma, const float* beta, float eps,
                    std::size_t width) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = width - width % (2 * lanes);
  const float scale = 1.0F / static_cast<float>(width);

  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += 2 * lanes) {
    auto a = hn::LoadU(d, x + i);
    auto b = hn::LoadU(d, x + i + lanes);
    if (residual != nullptr) {
      a = hn::Add(a, hn::LoadU(d, residual + i));
      b = hn::Add(b, hn::LoadU(d, residual + i + lanes));
      hn::StoreU(a, d, x + i);
      hn::StoreU(b, d, x + i + lanes);
    }
    sum0 = hn::Add(sum0, a);
    sum1 = hn::Add(sum1, b);
  }
  for (std::size_t i = whole; i < width && residual != nullptr; ++i) x[i] += residual[i];
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (std::size_t i = whole; i < width; ++i) sum += x[i];
  const float mean = sum * scale;

  const auto mean_v = hn::Set(d, mean);
  auto square0 = hn::Zero(d);
  auto square1 = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += 2 * lanes) {
    const auto a = hn::Sub(hn::LoadU(d, x + i), mean_v);
    const auto b = hn::Sub(hn::LoadU(d, x + i + lanes), mean_v);
    square0 = hn::MulAdd(a, a, square0);
    square1 = hn::MulAdd(b, b, square1);
  }
  float square = hn::GetLane(hn::SumOfLanes(d, hn::Add(square0, square1)));
  for (std::size_t i = whole; i < width; ++i) square += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0F / std::sqrt(square * scale + eps);

  const auto inverse_v = hn::Set(d, inverse);
  for (std::size_t i = 0; i < whole; i += lanes) {
    const auto centred = hn::Mul(hn::Sub(hn::LoadU(d, x + i), mean_v), inverse_v);
    hn::StoreU(hn::MulAdd(centred, hn::LoadU(d, gamma + i), hn::LoadU(d, beta + i)), d, x + i);
  }
  for (std::size_t i = whole; i < width; ++i) x[i] = (x[i] - mean) * inverse * gamma[i] + beta[i];
}

void layer_norm(float* x, const float* residual, std::size_t stride, const float* gamma, const float* beta, float eps,
                std::size_t rows, std::size_t width) {
  for (std::size_t row = 0; row < rows; ++row) {
    layer_norm_row(x + row * stride, residual == nullptr ? nullptr : residual + row * stride, gamma, beta, eps, width);
  }
}

void rms_norm_row(float* x, const float* gamma, float eps, std::size_t width) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = width - width % lanes;
  auto squares = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += lanes) {
    const auto a = hn::LoadU(d, x + i);
    squares = hn::MulAdd(a, a, squares);
  }
  float square = hn::GetLane(hn::SumOfLanes(d, squares));
  for (std::size_t i = whole; i < width; ++i) square += x[i] * x[i];
  const float inverse = 1.0F / std::sqrt(square / static_cast<float>(width) + eps);
  const auto inverse_v = hn::Set(d, inverse);
  for (std::size_t i = 0; i < whole; i += lanes) {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), inverse_v), hn::LoadU(d, gamma + i)), d, x + i);
  }
  for (std::size_t i = whole; i < width; ++i) x[i] = x[i] * inverse * gamma[i];
}

void rms_norm(float* x, std::size_t stride, const float* gamma, float eps, std::size_t rows, std::size_t width) {
  for (std::size_t row = 0; row < rows; ++row) rms_norm_row(x + row * stride, gamma, eps, width);
}

}  // namespace HWY_NAMESPACE
}  // namespace bertrt::kernels::ops
HWY_AFTER_NAMESPACE();

namespace bertrt::kernels::ops {
BERTRT_SIMD_FUNCTION(layer_norm)
BERTRT_SIMD_FUNCTION(rms_norm)
}  // namespace bertrt::kernels::ops

#if HWY_ONCE
namespace bertrt::kernels::ops {

void layer_norm(float* x, const float* residual, std::size_t stride, const float* gamma, const float* beta, float eps,
                std::size_t rows, std::size_t width) {
  BERTRT_SIMD_CALL(layer_norm)(x, residual, stride, gamma, beta, eps, rows, width);
}

void rms_norm(float* x, std::size_t stride, const float* gamma, float eps, std::size_t rows, std::size_t width) {
  BERTRT_SIMD_CALL(rms_norm)(x, stride, gamma, eps, rows, width);
}

}  // namespace bertrt::kernels::ops
#endif
