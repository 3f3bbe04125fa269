// The packed engine's kernels against plain code, on every instruction set that this machine has.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/linear_scratch.h"
#include "kernels/operands.h"
#include "kernels/ops/attention.h"
#include "kernels/ops/layer_norm.h"
#include "kernels/ops/rows.h"

namespace bertrt::kernels {
namespace {

struct AttentionCase {
  std::size_t length;
  std::size_t heads;
  std::size_t head_size;
  bool mask;
  bool bias;
  std::size_t masked = 0;  // so many keys from the first on, besides
};

// Softmax attention in double precision, nothing clever.
std::vector<double> plain_attention(const AttentionCase& shape, const std::vector<float>& qkv,
                                    const std::vector<std::int32_t>& mask, const std::vector<float>& bias) {
  const std::size_t hidden = shape.heads * shape.head_size;
  std::vector<double> out(shape.length * hidden, 0);
  for (std::size_t head = 0; head < shape.heads; ++head) {
    for (std::size_t i = 0; i < shape.length; ++i) {
      std::vector<double> weight(shape.length);
      double sum = 0;
      for (std::size_t j = 0; j < shape.length; ++j) {
        double score = 0;
        for (std::size_t k = 0; k < shape.head_size; ++k) {
          score += static_cast<double>(qkv[i * 3 * hidden + head * shape.head_size + k]) *
                   static_cast<double>(qkv[j * 3 * hidden + hidden + head * shape.head_size + k]);
        }
        score /= std::sqrt(static_cast<double>(shape.head_size));
        if (shape.bias) score += static_cast<double>(bias[shape.length - 1 + j - i]);
        weight[j] = mask.empty() || mask[j] != 0 ? std::exp(score) : 0;
        sum += weight[j];
      }
      for (std::size_t j = 0; j < shape.length; ++j) {
        for (std::size_t k = 0; k < shape.head_size; ++k) {
          out[i * hidden + head * shape.head_size + k] +=
              weight[j] / sum * static_cast<double>(qkv[j * 3 * hidden + 2 * hidden + head * shape.head_size + k]);
        }
      }
    }
  }
  return out;
}

void check_attention(const AttentionCase& shape) {
  const std::size_t hidden = shape.heads * shape.head_size;
  const std::vector<float> qkv = random_values(shape.length * 3 * hidden, 3);
  std::vector<std::int32_t> mask;
  for (std::size_t j = 0; shape.mask && j < shape.length; ++j) mask.push_back(j % 3 == 1 || j < shape.masked ? 0 : 1);
  const std::vector<float> bias = random_values(2 * shape.length - 1 + ops::kAttentionColumns, 4);
  const std::vector<double> want = plain_attention(shape, qkv, mask, bias);

  std::vector<float> got(shape.length * hidden, NAN);
  AlignedBuffer scratch(ops::attention_scratch_size(shape.length, shape.head_size) * sizeof(float));
  auto* memory = reinterpret_cast<float*>(scratch.data());
  for (std::size_t head = 0; head < shape.heads; ++head) {
    ops::AttentionTask task;
    task.query = qkv.data() + head * shape.head_size;
    task.key = task.query + hidden;
    task.value = task.key + hidden;
    task.stride = 3 * hidden;
    task.length = shape.length;
    task.head_size = shape.head_size;
    task.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_size));
    if (shape.mask) task.mask = mask.data();
    if (shape.bias) task.bias = bias.data() + shape.length - 1;
    task.out = got.data() + head * shape.head_size;
    task.out_stride = hidden;
    // In two parts, as two threads do it.
    const std::size_t border = shape.length / 16 * 8;
    task.row_end = border;
    if (border > 0) ops::attention(task, memory);
    task.row_begin = border;
    task.row_end = shape.length;
    ops::attention(task, memory);
  }
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 3e-6) << "value " << i;
}

TEST(PackedAttention, AsPlainCode) {
  on_every_target([] {
    for (const std::size_t length : {1, 2, 5, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 257}) {
      for (const std::size_t head_size : {8, 12, 32, 64, 80}) {
        for (const bool extra : {false, true}) {
          SCOPED_TRACE(testing::Message() << "length " << length << ", head size " << head_size << ", " << extra);
          check_attention({length, 2, head_size, extra, extra});
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  });
}

// Keys come in blocks of 512: sums are carried from one to the next.
TEST(PackedAttention, LongTextsAsPlainCode) {
  on_every_target([] {
    for (const std::size_t length : {511, 512, 513, 1024, 1100}) {
      for (const std::size_t head_size : {12, 64}) {
        SCOPED_TRACE(testing::Message() << "length " << length << ", head size " << head_size);
        check_attention({length, 1, head_size, false, false});
        check_attention({length, 1, head_size, true, true});
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    for (const std::size_t masked : {300, 512, 513, 1030}) {  // whole blocks that nobody may see
      SCOPED_TRACE(testing::Message() << masked << " masked");
      check_attention({1100, 1, 16, true, false, masked});
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

TEST(PackedAttention, ALongTextsBitsDoNotDependOnTheCutOfItsRows) {
  constexpr std::size_t kLength = 1100;
  constexpr std::size_t kSize = 16;
  const std::vector<float> qkv = random_values(kLength * 3 * kSize, 6, 3);
  AlignedBuffer scratch(ops::attention_scratch_size(kLength, kSize) * sizeof(float));
  const auto run = [&](const std::vector<std::size_t>& borders) {
    std::vector<float> got(kLength * kSize, NAN);
    ops::AttentionTask task{.query = qkv.data(), .key = qkv.data() + kSize, .value = qkv.data() + 2 * kSize};
    task.stride = 3 * kSize;
    task.length = kLength;
    task.head_size = task.out_stride = kSize;
    task.out = got.data();
    for (const std::size_t border : borders) {
      task.row_end = border;
      ops::attention(task, reinterpret_cast<float*>(scratch.data()));
      task.row_begin = border;
    }
    return got;
  };
  const std::vector<float> whole = run({kLength});
  EXPECT_EQ(run({8, 600, kLength}), whole);
  EXPECT_EQ(run({515, 1099, kLength}), whole);
}

// Four times the text: not four times the memory.
TEST(PackedAttention, ScratchHardlyGrowsBeyondABlockOfKeys) {
  EXPECT_EQ(ops::attention_scratch_size(8192, 64) - ops::attention_scratch_size(2048, 64), 2 * (8192 - 2048));
  EXPECT_LT(ops::attention_scratch_size(8192, 64), 2 * ops::attention_scratch_size(512, 64));
}

TEST(PackedAttention, ScoresFarApartDoNotOverflow) {
  on_every_target([] {
    const std::size_t length = 20;
    const std::size_t size = 16;
    std::vector<float> qkv = random_values(length * 3 * size, 5, 60);
    AlignedBuffer scratch(ops::attention_scratch_size(length, size) * sizeof(float));
    std::vector<float> got(length * size, NAN);
    ops::AttentionTask task{.query = qkv.data(), .key = qkv.data() + size, .value = qkv.data() + 2 * size};
    task.stride = 3 * size;
    task.length = task.row_end = length;
    task.head_size = task.out_stride = size;
    task.out = got.data();
    ops::attention(task, reinterpret_cast<float*>(scratch.data()));
    for (const float value : got) ASSERT_TRUE(std::isfinite(value));
  });
}

TEST(PackedLayerNorm, AsPlainCode) {
  on_every_target([] {
    for (const std::size_t width : {1, 7, 16, 24, 40, 312, 384, 768}) {
      for (const bool with_residual : {false, true}) {
        const std::size_t rows = 3;
        const std::size_t stride = width + 5;
        const std::vector<float> x = random_values(rows * stride, 1, 3);
        const std::vector<float> residual = random_values(rows * stride, 4, 3);
        const std::vector<float> gamma = random_values(width, 2);
        const std::vector<float> beta = random_values(width, 3);
        std::vector<float> out = x;
        ops::layer_norm(out.data(), with_residual ? residual.data() : nullptr, stride, gamma.data(), beta.data(), 1e-5F,
                        rows, width);
        for (std::size_t r = 0; r < rows; ++r) {
          const auto value = [&](std::size_t i) {
            return x[r * stride + i] + (with_residual ? residual[r * stride + i] : 0.0F);
          };
          double mean = 0;
          double variance = 0;
          for (std::size_t i = 0; i < width; ++i) mean += static_cast<double>(value(i)) / width;
          for (std::size_t i = 0; i < width; ++i) variance += std::pow(value(i) - mean, 2) / width;
          for (std::size_t i = 0; i < width; ++i) {
            const double want = (value(i) - mean) / std::sqrt(variance + 1e-5) * gamma[i] + beta[i];
            ASSERT_NEAR(out[r * stride + i], want, 5e-6) << "width " << width << ", value " << i;
          }
          for (std::size_t i = width; i < stride; ++i) ASSERT_EQ(out[r * stride + i], x[r * stride + i]);
        }
      }
    }
  });
}

TEST(PackedRows, HalvesThereAndBack) {
  on_every_target([] {
    std::vector<float> values = {0.0F, 1.0F, -2.5F, 65504.0F, 0.33325195F, 6.1035156e-5F};
    values.resize(21, -0.125F);
    std::vector<std::uint16_t> halves(values.size());
    ops::narrow(values.data(), values.size(), halves.data());
    EXPECT_EQ(halves[1], 0x3C00);
    EXPECT_EQ(halves[3], 0x7BFF);
    std::vector<float> back(values.size());
    ops::widen(halves.data(), halves.size(), back.data());
    EXPECT_EQ(back, values);
    ops::add_row_half(halves.data(), halves.size(), back.data());
    for (std::size_t i = 0; i < back.size(); ++i) EXPECT_EQ(back[i], 2 * values[i]);
  });
}

TEST(PackedRows, GreatestMagnitude) {
  on_every_target([] {
    for (const std::size_t count : {1, 7, 16, 33, 128, 1000}) {
      std::vector<float> values = random_values(count, 5);
      values[count / 2] = -100.0F;
      EXPECT_EQ(ops::greatest(values.data(), count), 100.0F);
      values[count / 3] = -std::numeric_limits<float>::infinity();
      EXPECT_TRUE(std::isinf(ops::greatest(values.data(), count)));
      values[count - 1] = std::numeric_limits<float>::quiet_NaN();
      EXPECT_TRUE(std::isnan(ops::greatest(values.data(), count)));
    }
    EXPECT_EQ(ops::greatest(nullptr, 0), 0);
  });
}

TEST(PackedRows, AHalfThatIsNoNumberIsFoundWhereverItIs) {
  on_every_target([] {
    for (const std::size_t count : {1, 2, 7, 16, 33, 64, 131}) {
      for (std::size_t at = 0; at < count; ++at) {
        std::vector<std::uint16_t> halves(count, 0xFBFF);  // -65504, the greatest there is
        EXPECT_TRUE(ops::are_finite(halves.data(), count));
        for (const std::uint16_t odd : {0x7C00, 0xFC00, 0x7C01, 0xFFFF}) {
          halves[at] = odd;
          EXPECT_FALSE(ops::are_finite(halves.data(), count)) << at << " of " << count;
        }
      }
    }
    EXPECT_TRUE(ops::are_finite(nullptr, 0));
  });
}

TEST(PackedRows, IntegersAreAddedScaled) {
  on_every_target([] {
    for (const std::size_t width : {1, 7, 16, 33, 128}) {
      std::vector<std::int8_t> row(width);
      for (std::size_t i = 0; i < width; ++i) row[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127);
      std::vector<float> out = random_values(width, 4);
      std::vector<float> want = out;
      ops::add_row_int8(row.data(), 0.37F, width, out.data());
      for (std::size_t i = 0; i < width; ++i) {
        const float value = static_cast<float>(row[i]) * 0.37F;
        want[i] += value;
      }
      for (std::size_t i = 0; i < width; ++i) EXPECT_NEAR(out[i], want[i], 1e-5F);
    }
  });
}

TEST(PackedRows, ProductWithATable) {
  on_every_target([] {
    for (const std::size_t width : {8, 24, 33, 128}) {
      for (const std::size_t rows : {1, 3, 4, 9}) {
        const std::size_t entries = 131;
        const std::vector<float> x = random_values(rows * width, 1);
        std::vector<std::uint16_t> half(entries * width);
        ops::narrow(random_values(half.size(), 2).data(), half.size(), half.data());
        std::vector<float> table(half.size());
        ops::widen(half.data(), half.size(), table.data());
        const std::vector<float> bias = random_values(entries, 3);
        std::vector<float> y(rows * entries, NAN);
        ops::row_dot(x.data(), rows, width, table.data(), entries, bias.data(), y.data(), entries);
        std::vector<float> y_half(rows * entries, NAN);
        std::vector<float> scratch(ops::kRowDotBlock * width);
        ops::row_dot_half(x.data(), rows, width, half.data(), entries, bias.data(), y_half.data(), entries,
                          scratch.data());
        EXPECT_EQ(y, y_half);
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t e = 0; e < entries; ++e) {
            double want = static_cast<double>(bias[e]);
            for (std::size_t k = 0; k < width; ++k) {
              want += static_cast<double>(x[r * width + k]) * static_cast<double>(table[e * width + k]);
            }
            ASSERT_NEAR(y[r * entries + e], want, 2e-5) << r << ", " << e;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace bertrt::kernels
