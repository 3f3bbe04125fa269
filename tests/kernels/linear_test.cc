#include "kernels/linear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "bertrt/error.h"
#include "kernels/operands.h"

namespace bertrt::kernels {
namespace {

constexpr std::size_t kIn = 96;
constexpr std::size_t kOut = 100;

class PackedLinear : public testing::TestWithParam<DType> {
 protected:
  std::vector<float> run(const Linear& layer, const std::vector<float>& x, ThreadPool& pool,
                         const LinearCall& call = {}) const {
    std::vector<float> y(x.size() / kIn * kOut);
    Scratch scratch;
    layer.run(x.data(), x.size() / kIn, y.data(), call, pool, scratch);
    return y;
  }

  const std::vector<float> weight = random_values(kOut * kIn, 1);
  const std::vector<float> bias = random_values(kOut, 2);
  const std::unique_ptr<const Linear> linear = Linear::pack(weight, bias, kOut, kIn, GetParam());
};

INSTANTIATE_TEST_SUITE_P(DTypes, PackedLinear, testing::Values(DType::fp32, DType::bf16, DType::int8),
                         [](const auto& tested) {
                           return tested.param == DType::fp32 ? "fp32" : tested.param == DType::bf16 ? "bf16" : "int8";
                         });

TEST_P(PackedLinear, RowsThatAreBroughtFewAtATimeGiveTheSameBits) {
  const auto bring = [&](std::size_t first, std::size_t count, std::vector<float>& room) {
    EXPECT_LE(first + count, kOut);
    room.assign(weight.begin() + static_cast<std::ptrdiff_t>(first * kIn),
                weight.begin() + static_cast<std::ptrdiff_t>((first + count) * kIn));
    return static_cast<const float*>(room.data());
  };
  WeightArena arena(Linear::arena_room(kOut, kIn, GetParam()));
  const auto in_arena = Linear::pack(bring, bias, kOut, kIn, GetParam(), &arena);
  const auto beside = Linear::pack(bring, bias, kOut, kIn, GetParam(), &arena);  // it is used up
  const auto alone = Linear::pack(bring, bias, kOut, kIn, GetParam(), nullptr);
  const std::vector<float> x = random_values(7 * kIn, 9);
  ThreadPool pool(2);
  for (const Linear* layer : {in_arena.get(), beside.get(), alone.get()}) {
    EXPECT_EQ(run(*layer, x, pool), run(*linear, x, pool));
    EXPECT_EQ(layer->memory_bytes(), linear->memory_bytes());
  }
}

// As models/quantized.py stores a weight.
TEST(IntegerWeight, IsTakenAsItIsAndGivesTheBitsOfTheFloats) {
  const std::vector<float> weight = random_values(kOut * kIn, 1);
  const std::vector<float> bias = random_values(kOut, 2);
  std::vector<std::int8_t> integers(weight.size());
  std::vector<float> scales(kOut);
  for (std::size_t row = 0; row < kOut; ++row) {
    const float* from = weight.data() + row * kIn;
    for (std::size_t k = 0; k < kIn; ++k) scales[row] = std::max(scales[row], std::abs(from[k]));
    scales[row] /= 127.0F;
    for (std::size_t k = 0; k < kIn; ++k) {
      integers[row * kIn + k] = static_cast<std::int8_t>(std::nearbyint(from[k] * (1.0F / scales[row])));
    }
  }
  const auto bring = [&](std::size_t first, std::size_t count, std::vector<std::int8_t>& room, float* to) {
    EXPECT_LE(first + count, kOut);
    std::copy_n(scales.data() + first, count, to);
    room.assign(integers.begin() + static_cast<std::ptrdiff_t>(first * kIn),
                integers.begin() + static_cast<std::ptrdiff_t>((first + count) * kIn));
    return static_cast<const std::int8_t*>(room.data());
  };
  const auto stored = Linear::pack(bring, bias, kOut, kIn, nullptr);
  const auto made = Linear::pack(weight, bias, kOut, kIn, DType::int8);
  const std::vector<float> x = random_values(7 * kIn, 9);
  std::vector<float> found(7 * kOut);
  std::vector<float> wanted(7 * kOut);
  Scratch scratch;
  ThreadPool pool(2);
  stored->run(x.data(), 7, found.data(), {}, pool, scratch);
  made->run(x.data(), 7, wanted.data(), {}, pool, scratch);
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(stored->memory_bytes(), made->memory_bytes());
  const std::int8_t before = integers[17];

  integers[17] = -128;
  const float difference = scales[0] * (-128.0F - static_cast<float>(before));
  std::vector<float> least(7 * kOut);
  Linear::pack(bring, bias, kOut, kIn, nullptr)->run(x.data(), 7, least.data(), {}, pool, scratch);
  for (std::size_t row = 0; row < 7; ++row) {
    EXPECT_NEAR(least[row * kOut], found[row * kOut] + difference * x[row * kIn + 17], 1e-1) << row;
  }
}

TEST_P(PackedLinear, WhatTheRowsThrowComesOut) {
  const auto broken = [](std::size_t, std::size_t, std::vector<float>&) -> const float* {
    throw Error(ErrorCode::io, "weights", "a file", "none");
  };
  EXPECT_THROW(Linear::pack(broken, bias, kOut, kIn, GetParam(), nullptr), Error);
  EXPECT_THROW(Linear::pack(broken, bias, 0, kIn, GetParam(), nullptr), Error);
}

TEST_P(PackedLinear, TheSameBitsForAnyNumberOfThreads) {
  const std::vector<float> x = random_values(61 * kIn, 3);
  ThreadPool one(1);
  const std::vector<float> alone = run(*linear, x, one);
  for (std::size_t threads : {2, 3, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(run(*linear, x, pool), alone) << threads;
  }
}

TEST_P(PackedLinear, ARowsBitsDoNotDependOnItsNeighbours) {
  const std::vector<float> x = random_values(61 * kIn, 4);
  const std::vector<float> together = run(*linear, x, ThreadPool::shared());
  for (std::size_t r : {0, 13, 14, 60}) {
    const std::vector<float> row(x.begin() + std::ptrdiff_t(r * kIn), x.begin() + std::ptrdiff_t((r + 1) * kIn));
    const std::vector<float> alone = run(*linear, row, ThreadPool::shared());
    EXPECT_EQ(std::memcmp(alone.data(), together.data() + r * kOut, kOut * sizeof(float)), 0) << r;
  }
}

// So many rows and so long that rows are taken in blocks and K is cut; a row alone is neither.
TEST_P(PackedLinear, BlocksAndCutsDoNotChangeABit) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kLong = 5000;
  constexpr std::size_t kFew = 40;
  const std::vector<float> x = random_values(kRows * kLong, 11);
  const auto layer = Linear::pack(random_values(kFew * kLong, 12), {}, kFew, kLong, GetParam());
  std::vector<float> together(kRows * kFew);
  std::vector<float> alone(kFew);
  Scratch scratch;
  layer->run(x.data(), kRows, together.data(), {.activation = Activation::relu}, ThreadPool::shared(), scratch);
  for (std::size_t r = 0; r < kRows; r += 7) {
    layer->run(x.data() + r * kLong, 1, alone.data(), {.activation = Activation::relu}, ThreadPool::shared(), scratch);
    ASSERT_EQ(std::memcmp(alone.data(), together.data() + r * kFew, kFew * sizeof(float)), 0) << r;
  }
}

TEST_P(PackedLinear, RowsMayStandApart) {
  constexpr std::size_t kRows = 37;
  constexpr std::size_t kApartIn = kIn + 16;
  constexpr std::size_t kApartOut = kOut + 12;
  const std::vector<float> x = random_values(kRows * kIn, 5);
  const std::vector<float> dense = run(*linear, x, ThreadPool::shared(), {.activation = Activation::gelu_erf});
  std::vector<float> apart(kRows * kApartIn, 1e9F);
  for (std::size_t r = 0; r < kRows; ++r) std::copy_n(&x[r * kIn], kIn, &apart[r * kApartIn]);
  std::vector<float> y(kRows * kApartOut, -7.0F);
  Scratch scratch;
  linear->run(apart.data(), kRows, y.data(),
              {.activation = Activation::gelu_erf, .x_stride = kApartIn, .y_stride = kApartOut}, ThreadPool::shared(),
              scratch);
  for (std::size_t r = 0; r < kRows; ++r) {
    EXPECT_EQ(std::memcmp(&y[r * kApartOut], &dense[r * kOut], kOut * sizeof(float)), 0) << r;
    for (std::size_t c = kOut; c < kApartOut; ++c) EXPECT_EQ(y[r * kApartOut + c], -7.0F) << r;
  }
}

TEST_P(PackedLinear, NoBiasIsABiasOfZero) {
  const std::vector<float> x = random_values(3 * kIn, 7);
  const std::vector<float> zeros(kOut, 0.0F);
  const auto none = Linear::pack(weight, {}, kOut, kIn, GetParam());
  const auto zero = Linear::pack(weight, zeros, kOut, kIn, GetParam());
  EXPECT_EQ(run(*none, x, ThreadPool::shared()), run(*zero, x, ThreadPool::shared()));
}

TEST_P(PackedLinear, NoRowsIsNoWork) {
  Scratch scratch;
  linear->run(nullptr, 0, nullptr, {}, ThreadPool::shared(), scratch);
}

TEST_P(PackedLinear, ManyCallersAtOnce) {
  const std::vector<float> x = random_values(20 * kIn, 8);
  const std::vector<float> want = run(*linear, x, ThreadPool::shared());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) wrong += run(*linear, x, ThreadPool::shared()) != want;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(PackedLinear, SteadyStateKeepsItsScratch) {
  const std::vector<float> x = random_values(40 * kIn, 9);
  std::vector<float> y(40 * kOut);
  Scratch scratch;
  linear->run(x.data(), 40, y.data(), {}, ThreadPool::shared(), scratch);
  const std::byte* rows = scratch.rows.data();
  const std::byte* parts = scratch.parts.data();
  for (std::size_t count : {1, 17, 39, 40}) {
    linear->run(x.data(), count, y.data(), {}, ThreadPool::shared(), scratch);
    EXPECT_EQ(scratch.rows.data(), rows);
    EXPECT_EQ(scratch.parts.data(), parts);
  }
}

TEST(PackedLinearMemory, IsThatOfTheDtype) {
  const std::vector<float> weight = random_values(768 * 768, 10);
  const double elements = 768.0 * 768.0;
  EXPECT_LT(double(Linear::pack(weight, {}, 768, 768, DType::fp32)->memory_bytes()), elements * 4 * 1.01);
  EXPECT_LT(double(Linear::pack(weight, {}, 768, 768, DType::bf16)->memory_bytes()), elements * 2 * 1.01);
  EXPECT_LT(double(Linear::pack(weight, {}, 768, 768, DType::int8)->memory_bytes()), elements * 1.02);
}

TEST(PackedLinearErrors, SizesThatDoNotFit) {
  const std::vector<float> weight(12);
  const std::vector<float> bias(3);
  const auto code = [&](std::size_t out, std::size_t in, std::span<const float> b, DType dtype = DType::fp32) {
    try {
      Linear::pack(weight, b, out, in, dtype);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::io;
  };
  EXPECT_EQ(code(4, 4, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(0, 12, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(12, 0, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::size_t{1} << 63, 2, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(4, 3, bias), ErrorCode::invalid_argument);
  const std::vector<float> long_row(70000);
  EXPECT_THROW(Linear::pack(long_row, {}, 1, long_row.size(), DType::int8), Error);
}

}  // namespace
}  // namespace bertrt::kernels
