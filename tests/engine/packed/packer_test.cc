#include "engine/packed/packer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "archive/unread.h"
#include "kernels/linear_scratch.h"

namespace bertrt::engine::packed {
namespace {

using archive::ElementType;
using archive::TensorView;

constexpr std::size_t kIn = 40;

// A file's bytes at addresses where something else lies; counts how many were asked for.
class Left final : public archive::Unread {
 public:
  explicit Left(std::vector<float> values) : values_(std::move(values)), addresses_(values_.size() * sizeof(float)) {}
  void read(const std::byte* from, std::span<std::byte> out) const override {
    std::memcpy(out.data(), std::as_bytes(std::span(values_)).data() + (from - addresses_.data()), out.size());
    count_ += out.size();
  }
  std::span<const std::byte> addresses() const { return addresses_; }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(values_)); }
  std::size_t count() const { return count_; }

 private:
  std::vector<float> values_;
  std::vector<std::byte> addresses_;
  mutable std::atomic<std::size_t> count_{0};
};

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

family::Weight weight(const Left& file, bool left, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides) {
  TensorView view{ElementType::float32, std::move(shape), std::move(strides), 0, file.bytes(), "w", nullptr};
  if (left) {
    view.storage = file.addresses();
    view.unread = &file;
  }
  return {"w", std::move(view)};
}

family::Weight matrix(const Left& file, bool left, std::size_t out) {
  return weight(file, left, {static_cast<std::int64_t>(out), kIn}, {kIn, 1});
}

family::Weight turned(const Left& file, bool left, std::size_t out) {
  return weight(file, left, {static_cast<std::int64_t>(out), kIn}, {1, static_cast<std::int64_t>(out)});
}

class PackerTest : public testing::TestWithParam<DType> {
 protected:
  std::vector<float> run(std::span<const family::Dense> parts) {
    std::vector<const family::Dense*> pointers;
    std::size_t out = 0;
    for (const family::Dense& part : parts) {
      pointers.push_back(&part);
      out += part.out();
    }
    Packer packer(pool_);
    Packer::Linear linear;
    packer.linear(pointers, kIn, GetParam(), linear);
    packer.run();
    const std::vector<float> x = random_values(3 * kIn, 77);
    std::vector<float> y(3 * out);
    kernels::Scratch scratch;
    linear->run(x.data(), 3, y.data(), {}, pool_, scratch);
    return y;
  }

  kernels::ThreadPool pool_{2};
  Left a_{random_values(50 * kIn, 1)};
  Left b_{random_values(70 * kIn, 2)};
  Left c_{random_values(9 * kIn, 3)};
  Left bias_{random_values(70, 4)};
};

INSTANTIATE_TEST_SUITE_P(DTypes, PackerTest, testing::Values(DType::fp32, DType::bf16, DType::int8));

// Panels of 32 rows begin in one part and end in the next.
TEST_P(PackerTest, WhatWasLeftInItsFileIsPackedAsWhatIsInMemory) {
  const auto parts = [&](bool left) {
    return std::vector<family::Dense>{
        {matrix(a_, left, 50), {}}, {matrix(b_, left, 70), weight(bias_, left, {70}, {1})}, {matrix(c_, left, 9), {}}};
  };
  EXPECT_EQ(run(parts(true)), run(parts(false)));
  for (const Left* file : {&a_, &b_, &c_, &bias_}) EXPECT_EQ(file->count(), file->bytes().size());  // each byte once
}

TEST_P(PackerTest, StridedOnesToo) {
  const auto parts = [&](bool left) {
    return std::vector<family::Dense>{{turned(a_, left, 50), {}}, {matrix(b_, left, 70), {}}};
  };
  EXPECT_EQ(run(parts(true)), run(parts(false)));
  EXPECT_EQ(a_.count(), a_.bytes().size());
}

TEST_P(PackerTest, APartAloneIsThePartOfAll) {
  const std::vector<family::Dense> all = {{matrix(a_, true, 50), {}}, {turned(b_, false, 70), {}}};
  const std::vector<float> joined = run(all);
  for (std::size_t part = 0, first = 0; part < all.size(); first += all[part++].out()) {
    const std::vector<float> alone = run(std::span(all).subspan(part, 1));
    const std::size_t out = all[part].out();
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t i = 0; i < out; ++i) EXPECT_EQ(alone[row * out + i], joined[row * 120 + first + i]);
    }
  }
}

TEST(PackerFindings, NameWhatIsNoNumberAndItStaysNone) {
  kernels::ThreadPool pool(2);
  constexpr std::size_t kRows = 100;
  std::vector<float> values = random_values(kRows * kIn, 6);
  values[7 * kIn + 3] = std::numeric_limits<float>::quiet_NaN();
  values[9 * kIn + 5] = std::numeric_limits<float>::infinity();
  const Left file(values);
  for (const DType dtype : {DType::fp32, DType::bf16, DType::int8}) {
    Packer packer(pool);
    family::Dense dense{matrix(file, true, kRows), std::nullopt};
    Packer::Linear layer;
    packer.linear(dense, kIn, dtype, layer);
    packer.run();
    ASSERT_EQ(packer.findings().size(), 1U);
    EXPECT_NE(packer.findings()[0].find(dense.weight.name), std::string::npos);
    std::vector<float> y(kRows);
    kernels::Scratch scratch;
    const std::vector<float> x(kIn, 1.0F);
    layer->run(x.data(), 1, y.data(), {}, pool, scratch);
    for (std::size_t i = 0; i < kRows; ++i) EXPECT_EQ(std::isfinite(y[i]), i != 7 && i != 9) << i;
  }
  for (const RowFormat format : {RowFormat::fp32, RowFormat::fp16, RowFormat::int8}) {
    Packer packer(pool);
    const auto table = packer.table(matrix(file, true, kRows), kIn, format);
    EXPECT_EQ(packer.findings().size(), 1U);
    for (std::size_t row = 6; row < 11; ++row) {
      std::vector<float> sum(kIn);
      table->add(row, sum.data());
      const bool finite = std::all_of(sum.begin(), sum.end(), [](float value) { return std::isfinite(value); });
      EXPECT_EQ(finite, row != 7 && row != 9) << row;
    }
  }
  Packer packer(pool);
  const Left plain(random_values(kRows * kIn, 6));
  (void)packer.table(matrix(plain, true, kRows), kIn, RowFormat::int8);
  EXPECT_TRUE(packer.findings().empty());
}

TEST(PackerTables, AreCopiedFromWhereTheyLie) {
  kernels::ThreadPool pool(2);
  const Left file(random_values(1000 * kIn, 5));
  for (const RowFormat format : {RowFormat::fp32, RowFormat::fp16, RowFormat::int8}) {
    for (const bool turn : {false, true}) {
      const auto sum = [&](bool left) {
        Packer packer(pool);
        const auto table = packer.table(turn ? turned(file, left, 1000) : matrix(file, left, 1000), kIn, format);
        EXPECT_EQ(table->format(), format);
        std::vector<float> rows(1000 * kIn, 0.0F);
        for (std::size_t row = 0; row < 1000; ++row) table->add(row, rows.data() + row * kIn);
        return rows;
      };
      const std::size_t before = file.count();
      EXPECT_EQ(sum(true), sum(false)) << static_cast<int>(format) << turn;
      EXPECT_EQ(file.count() - before, file.bytes().size());
    }
  }
}

}  // namespace
}  // namespace bertrt::engine::packed
