#include "archive/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TensorView view(std::span<const std::byte> storage, std::vector<std::int64_t> shape, std::vector<std::int64_t> strides,
                std::int64_t offset = 0, ElementType type = ElementType::float32) {
  return {type, std::move(shape), std::move(strides), offset, storage, "0"};
}

class TensorTest : public testing::Test {
 protected:
  std::array<float, 6> values_ = {0, 1, 2, 3, 4, 5};
  std::span<const std::byte> storage_ = std::as_bytes(std::span(values_));
};

TEST_F(TensorTest, BoundsHoldForEveryElement) {
  EXPECT_EQ(check_bounds(view(storage_, {2, 3}, {3, 1})), "");
  EXPECT_EQ(check_bounds(view(storage_, {3, 2}, {1, 3})), "");
  EXPECT_EQ(check_bounds(view(storage_, {}, {}, 5)), "");
  EXPECT_EQ(check_bounds(view(storage_, {0, 7}, {7, 1}, 0)), "");
  EXPECT_EQ(check_bounds(view(storage_, {1, 1}, {kHuge, kHuge}, 5)), "");  // one element: strides do not matter
  EXPECT_NE(check_bounds(view(storage_, {2, 3}, {3, 1}, 1)), "");
  EXPECT_NE(check_bounds(view(storage_, {7}, {1})), "");
  EXPECT_NE(check_bounds(view(storage_, {2}, {6})), "");
  EXPECT_NE(check_bounds(view(storage_, {}, {}, 6)), "");
  EXPECT_NE(check_bounds(view(storage_, {2, 3}, {1})), "");
}

TEST_F(TensorTest, HostileNumbersDoNotOverflow) {
  for (const std::int64_t a : {std::int64_t{-1}, std::int64_t{2}, std::int64_t{1} << 32, kHuge, -kHuge - 1}) {
    for (const std::int64_t b : {std::int64_t{-1}, std::int64_t{3}, std::int64_t{1} << 31, kHuge, -kHuge - 1}) {
      EXPECT_NE(check_bounds(view(storage_, {a, b}, {4, 1})), "") << a << ' ' << b;
      EXPECT_NE(check_bounds(view(storage_, {2, 2}, {a, b}, 3)), "") << a << ' ' << b;
      EXPECT_NE(check_bounds(view(storage_, {2, 3}, {3, 1}, a == 2 ? kHuge : a)), "") << a;
    }
  }
  EXPECT_NE(check_bounds(view(storage_, {0, kHuge, kHuge}, {1, 1, 1})), "");
}

TEST_F(TensorTest, AnExpandedTensorCannotAskForUnlimitedMemory) {
  EXPECT_EQ(check_bounds(view(storage_, {1000, 6}, {0, 1})), "");
  EXPECT_NE(check_bounds(view(storage_, {std::int64_t{1} << 30, 6}, {0, 1})), "");
}

TEST_F(TensorTest, CopiesInRowMajorOrderWhateverTheStrides) {
  EXPECT_THAT(to_float32(view(storage_, {3, 2}, {1, 3})), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(to_float32(view(storage_, {2, 2}, {3, 1}, 1)), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(to_float32(view(storage_, {2, 3}, {0, 2})), ElementsAre(0, 2, 4, 0, 2, 4));
  EXPECT_THAT(to_float32(view(storage_, {0}, {1})), ElementsAre());
  EXPECT_TRUE(view(storage_, {2, 3}, {3, 1}).contiguous());
  EXPECT_TRUE(view(storage_, {2, 1, 3}, {3, 99, 1}).contiguous());
  EXPECT_FALSE(view(storage_, {3, 2}, {1, 3}).contiguous());
}

// Every half there is against arithmetic on its parts.
TEST(Tensor, WidensEveryHalfExactly) {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  const auto wide = to_float32(view(std::as_bytes(std::span(halves)), {65536}, {1}, 0, ElementType::float16));
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const int exponent = static_cast<int>(i >> 10U & 31U);
    const double fraction = static_cast<double>(i & 1023U) / 1024;
    double expected = exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
    if (exponent == 31) expected = fraction == 0 ? HUGE_VAL : NAN;
    if ((i & 0x8000U) != 0) expected = -expected;
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(wide[i])) << i;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(wide[i]), std::bit_cast<std::uint32_t>(static_cast<float>(expected))) << i;
    }
  }
}

TEST(Tensor, WidensBfloatAndNarrowsDouble) {
  const std::array<std::uint16_t, 3> bits = {0x3f80, 0xc000, 0x7f80};
  EXPECT_THAT(to_float32(view(std::as_bytes(std::span(bits)), {3}, {1}, 0, ElementType::bfloat16)),
              ElementsAre(1.0F, -2.0F, std::numeric_limits<float>::infinity()));
  const std::array<double, 2> doubles = {0.1, -3};
  EXPECT_THAT(to_float32(view(std::as_bytes(std::span(doubles)), {2}, {1}, 0, ElementType::float64)),
              ElementsAre(0.1F, -3.0F));
}

TEST_F(TensorTest, IntegersAndWrongSizesAreErrors) {
  EXPECT_THROW(to_float32(view(storage_, {3}, {1}, 0, ElementType::int64)), Error);
  std::array<float, 2> small{};
  EXPECT_THROW(to_float32(view(storage_, {6}, {1}), small), Error);
}

TEST(Tensor, IntegersWithAScaleARowAreNumbers) {
  const std::array<std::int8_t, 6> integers = {1, -2, 127, 0, -127, 5};
  TensorView tensor = view(std::as_bytes(std::span(integers)), {2, 3}, {3, 1}, 0, ElementType::int8);
  EXPECT_FALSE(holds_reals(tensor));
  EXPECT_THROW(to_float32(tensor), Error);
  const auto scales = std::make_shared<const std::array<float, 2>>(std::array<float, 2>{0.5F, -2.0F});
  tensor.row_scales = {scales, scales->data()};
  EXPECT_TRUE(holds_reals(tensor));
  EXPECT_THAT(to_float32(tensor), ElementsAre(0.5F, -1.0F, 63.5F, 0.0F, 254.0F, -10.0F));
  EXPECT_THAT(to_float32(rows_of(tensor, 1, 1)), ElementsAre(0.0F, 254.0F, -10.0F));
  tensor.strides = {1, 2};  // a row's numbers must lie in a row
  EXPECT_FALSE(holds_reals(tensor));
  EXPECT_THROW(to_float32(tensor), Error);
}

TEST(Tensor, StoragesHaveTheirTypes) {
  EXPECT_EQ(storage_element_type("HalfStorage"), ElementType::float16);
  EXPECT_EQ(storage_element_type("ComplexFloatStorage"), std::nullopt);
  EXPECT_EQ(to_string(ElementType::boolean), "bool");
  EXPECT_EQ(element_size(ElementType::int64), 8U);
}

}  // namespace
}  // namespace bertrt::archive
