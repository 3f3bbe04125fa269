// What blocks are made of beside BERT's: rotary positions, RMS norm, gates; against plain code, on every instruction
// set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/operands.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/layer_norm.h"
#include "kernels/ops/rotary.h"

namespace bertrt::kernels {
namespace {

TEST(BlockOps, RotateTurnsPairsAndLeavesTheRest) {
  on_every_target([] {
    for (const std::size_t pairs : {1, 3, 8, 17, 32}) {
      for (const std::size_t rest : {0, 5}) {
        const std::size_t size = 2 * pairs + rest;
        const std::vector<float> x = random_values(3 * size + 2, 1, 2);
        const std::vector<float> cosine = random_values(pairs, 2, 2);
        const std::vector<float> sine = random_values(pairs, 3, 2);
        std::vector<float> got = x;
        ops::rotate(got.data(), 3, size, cosine.data(), sine.data(), pairs);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const std::size_t within = i % size;
          float want = x[i];
          if (i < 3 * size && within < pairs) want = x[i] * cosine[within] - x[i + pairs] * sine[within];
          if (i < 3 * size && within >= pairs && within < 2 * pairs) {
            want = x[i] * cosine[within - pairs] + x[i - pairs] * sine[within - pairs];
          }
          ASSERT_NEAR(got[i], want, 4e-6F) << pairs << " pairs, value " << i;
        }
      }
    }
  });
}

TEST(BlockOps, RmsNormAsPlainCode) {
  on_every_target([] {
    for (const std::size_t width : {1, 7, 16, 24, 40, 312, 768}) {
      const std::size_t stride = width + 3;
      const std::vector<float> x = random_values(2 * stride, 4, 2);
      const std::vector<float> gamma = random_values(width, 5, 2);
      std::vector<float> got = x;
      ops::rms_norm(got.data(), stride, gamma.data(), 1e-3F, 2, width);
      for (std::size_t r = 0; r < 2; ++r) {
        double squares = 0;
        for (std::size_t i = 0; i < width; ++i) squares += std::pow(static_cast<double>(x[r * stride + i]), 2);
        const double inverse = 1 / std::sqrt(squares / static_cast<double>(width) + 1e-3);
        for (std::size_t i = 0; i < width; ++i) {
          const double want = static_cast<double>(x[r * stride + i]) * inverse * static_cast<double>(gamma[i]);
          ASSERT_NEAR(static_cast<double>(got[r * stride + i]), want, 2e-6 * std::max(1.0, std::abs(want)))
              << "width " << width << ", value " << i;
        }
        for (std::size_t i = width; i < stride; ++i) ASSERT_EQ(got[r * stride + i], x[r * stride + i]);
      }
    }
  });
}

TEST(BlockOps, MultiplyStopsAtItsEnd) {
  on_every_target([] {
    for (const std::size_t count : {0, 1, 5, 16, 37}) {
      const std::vector<float> x = random_values(count + 4, 6, 2);
      const std::vector<float> y = random_values(count + 4, 7, 2);
      std::vector<float> got = x;
      ops::multiply(y.data(), count, got.data());
      for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(got[i], i < count ? x[i] * y[i] : x[i]);
    }
  });
}

}  // namespace
}  // namespace bertrt::kernels
