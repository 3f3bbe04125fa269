// Attention whose products are of bf16, against plain code that rounds where it does, on every instruction set that
// this machine has: with the processor's own tiles of bf16 where it has them, and with plain ones.
#include "kernels/ops/narrow_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kernels/isa/kernels.h"
#include "kernels/linear_scratch.h"
#include "kernels/operands.h"
#include "kernels/plain_matrices.h"

namespace bertrt::kernels {
namespace {

// A tile of bf16 as isa/kernels.h says.
template <std::size_t kRows>
void plain_tile(const void* input, const void* panel, std::size_t groups, void* sums, bool add, isa::Prefetch) {
  const auto half = [](std::uint32_t word, int which) {
    return std::bit_cast<float>(which == 0 ? word << 16 : word & 0xFFFF0000U);
  };
  const auto* a = static_cast<const std::uint32_t*>(input);
  const auto* b = static_cast<const std::uint32_t*>(panel);
  auto* out = static_cast<float*>(sums);
  if (!add) std::fill_n(out, kRows * isa::kPanel, 0.0F);
  for (std::size_t word = 0; word < groups * isa::kGroupWords; ++word) {
    const std::uint32_t* column = a + word / isa::kGroupWords * kRows * isa::kGroupWords + word % isa::kGroupWords;
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < isa::kPanel; ++c) {
        for (const int which : {0, 1}) {
          out[r * isa::kPanel + c] +=
              half(column[r * isa::kGroupWords], which) * half(b[word * isa::kPanel + c], which);
        }
      }
    }
  }
}

template <std::size_t... kRowsMinusOne>
isa::TileKernels plain_tiles(std::index_sequence<kRowsMinusOne...>) {
  isa::TileKernels tiles;
  ((tiles.resident[kRowsMinusOne + 1] = plain_tile<kRowsMinusOne + 1>), ...);
  tiles.max_rows = sizeof...(kRowsMinusOne);
  tiles.name = "plain";
  return tiles;
}

std::vector<isa::TileKernels> every_tile() {
  std::vector<isa::TileKernels> every = {plain_tiles(std::make_index_sequence<5>()),
                                         with_plain_matrices(isa::best()).bf16};
  for (const isa::Kernels& kernels : isa::all()) {
    if (kernels.bf16.native && kernels.bf16.name != std::string(every.back().name)) every.push_back(kernels.bf16);
  }
  return every;
}

struct Case {
  std::size_t length;
  std::size_t head_size;
  bool mask = false;
  bool bias = false;
  std::size_t masked = 0;  // so many keys from the first on, besides
};

// Two heads of a text, and what is to come of them.
class Text {
 public:
  explicit Text(const Case& shape)
      : shape_(shape),
        hidden_(2 * shape.head_size),
        qkv_(random_values(shape.length * 3 * hidden_, 3)),
        bias_(random_values(2 * shape.length - 1 + ops::kAttentionColumns, 4)) {
    for (std::size_t j = 0; shape.mask && j < shape.length; ++j) {
      mask_.push_back(j % 3 == 1 || j < shape.masked ? 0 : 1);
    }
  }

  std::vector<float> attend(const isa::TileKernels& tiles, const std::vector<std::size_t>& borders) const {
    std::vector<float> got(shape_.length * hidden_, NAN);
    AlignedBuffer scratch(ops::narrow_attention_scratch_size(shape_.length, shape_.head_size) * sizeof(float));
    for (std::size_t head = 0; head < 2; ++head) {
      ops::AttentionTask task;
      task.query = qkv_.data() + head * shape_.head_size;
      task.key = task.query + hidden_;
      task.value = task.key + hidden_;
      task.stride = 3 * hidden_;
      task.length = shape_.length;
      task.head_size = shape_.head_size;
      task.scale = scale();
      if (shape_.mask) task.mask = mask_.data();
      if (shape_.bias) task.bias = bias_.data() + shape_.length - 1;
      task.out = got.data() + head * shape_.head_size;
      task.out_stride = hidden_;
      for (const std::size_t border : borders) {
        task.row_end = border;
        if (task.row_begin < border) {
          ops::narrow_attention(task, tiles, reinterpret_cast<float*>(scratch.data()));
        }
        task.row_begin = border;
      }
    }
    return got;
  }

  // With queries, keys and values rounded as the kernel does, and the rest in double precision.
  std::vector<double> plain() const {
    std::vector<double> out(shape_.length * hidden_, 0);
    std::vector<double> weight(shape_.length);
    for (std::size_t head = 0; head < 2; ++head) {
      const float* query = qkv_.data() + head * shape_.head_size;
      for (std::size_t i = 0; i < shape_.length; ++i) {
        double highest = -1e300;
        for (std::size_t j = 0; j < shape_.length; ++j) {
          double score = 0;  // to the base of two
          for (std::size_t k = 0; k < shape_.head_size; ++k) {
            score += static_cast<double>(as_bf16(query[i * 3 * hidden_ + k] * (scale() * 1.44269504F))) *
                     static_cast<double>(as_bf16(query[j * 3 * hidden_ + hidden_ + k]));
          }
          if (shape_.bias) score += static_cast<double>(bias_[shape_.length - 1 + j - i]) / std::log(2.0);
          const bool shown = mask_.empty() || mask_[j] != 0;
          weight[j] = shown ? score : -1e300;
          highest = std::max(highest, weight[j]);
        }
        double sum = 0;
        for (double& each : weight) sum += each = std::exp2(each - highest);
        for (std::size_t j = 0; j < shape_.length; ++j) {
          for (std::size_t k = 0; k < shape_.head_size; ++k) {
            const auto value = static_cast<double>(as_bf16(query[j * 3 * hidden_ + 2 * hidden_ + k]));
            out[i * hidden_ + head * shape_.head_size + k] += weight[j] / sum * value;
          }
        }
      }
    }
    return out;
  }

 private:
  float scale() const { return 1.0F / std::sqrt(static_cast<float>(shape_.head_size)); }

  Case shape_;
  std::size_t hidden_;
  std::vector<float> qkv_;
  std::vector<float> bias_;
  std::vector<std::int32_t> mask_;
};

// A share is off by half of bf16's last bit, 1/512 of itself, and so is what a row sums up of values up to 4.5.
void check(const Case& shape) {
  SCOPED_TRACE(testing::Message() << "length " << shape.length << ", head size " << shape.head_size << ", mask "
                                  << shape.mask << " " << shape.masked << ", bias " << shape.bias);
  const Text text(shape);
  const std::vector<double> want = text.plain();
  for (const isa::TileKernels& tiles : every_tile()) {
    SCOPED_TRACE(tiles.name);
    const std::vector<float> got = text.attend(tiles, {shape.length / 16 * 8, shape.length});
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 6e-3) << "value " << i;
  }
}

TEST(NarrowAttention, AsPlainCode) {
  on_every_target([] {
    for (const std::size_t length : {1, 2, 8, 15, 17, 31, 32, 33, 48, 63, 64, 65, 129}) {
      for (const std::size_t head_size : {1, 8, 12, 32, 64, 80}) {
        check({length, head_size});
        check({length, head_size, true, true});
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    check({70, 64, true, false});
    check({70, 64, false, true});
    check({40, 256});
  });
}

// Keys come in blocks of 512: sums are carried from one to the next.
TEST(NarrowAttention, LongTextsAsPlainCode) {
  on_every_target([] {
    for (const std::size_t length : {511, 513, 1100}) {
      check({length, 12});
      check({length, 12, true, true});
      if (testing::Test::HasFatalFailure()) return;
    }
    for (const std::size_t masked : {300, 513, 1030}) check({1100, 8, true, false, masked});
  });
}

TEST(NarrowAttention, BitsDoNotDependOnTheCutOfItsRows) {
  const Text text({600, 16, false, true});
  for (const isa::TileKernels& tiles : every_tile()) {
    const std::vector<float> whole = text.attend(tiles, {600});
    EXPECT_EQ(text.attend(tiles, {8, 344, 600}), whole) << tiles.name;
    EXPECT_EQ(text.attend(tiles, {515, 599, 600}), whole) << tiles.name;
  }
}

// Scores that are no numbers come out as none; the others of the text's rows are not touched by a query's.
TEST(NarrowAttention, WhatIsNoNumberStaysNone) {
  constexpr std::size_t kLength = 50;
  constexpr std::size_t kSize = 16;
  on_every_target([] {
    for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      std::vector<float> qkv = random_values(kLength * 3 * kSize, 8);
      qkv[7 * 3 * kSize] = odd;  // of the eighth query
      std::vector<float> got(kLength * kSize, 0);
      AlignedBuffer scratch(ops::narrow_attention_scratch_size(kLength, kSize) * sizeof(float));
      ops::AttentionTask task{.query = qkv.data(), .key = qkv.data() + kSize, .value = qkv.data() + 2 * kSize};
      task.stride = 3 * kSize;
      task.length = task.row_end = kLength;
      task.head_size = task.out_stride = kSize;
      task.out = got.data();
      for (const isa::TileKernels& tiles : every_tile()) {
        ops::narrow_attention(task, tiles, reinterpret_cast<float*>(scratch.data()));
        for (std::size_t i = 0; i < got.size(); ++i) {
          ASSERT_EQ(std::isnan(got[i]), i / kSize == 7) << tiles.name << ", value " << i;
        }
      }
    }
  });
}

// Texts of all lengths fit into what a session reserves for its longest.
TEST(NarrowAttention, ScratchNeverShrinksAndHardlyGrowsBeyondABlockOfKeys) {
  for (const DType dtype : {DType::fp32, DType::bf16, DType::int8}) {
    const ops::AttentionKernel kernel = ops::attention_kernel(dtype);
    for (const std::size_t head_size : {8, 64, 80}) {
      for (std::size_t length = 1; length < 1200; ++length) {
        ASSERT_LE(kernel.scratch_size(length, head_size), kernel.scratch_size(length + 1, head_size)) << length;
      }
      EXPECT_LT(kernel.scratch_size(8192, head_size), 3 * kernel.scratch_size(512, head_size));
    }
  }
}

}  // namespace
}  // namespace bertrt::kernels
