#include "family/odd_weights.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace bertrt::family {
namespace {

using archive::ElementType;

template <typename Bits>
std::vector<std::byte> bytes_of(const std::vector<Bits>& values, std::size_t in_front = 0) {
  std::vector<std::byte> bytes(in_front + values.size() * sizeof(Bits));
  std::memcpy(bytes.data() + in_front, values.data(), values.size() * sizeof(Bits));
  return bytes;
}

archive::TensorView view(ElementType type, std::span<const std::byte> storage, std::int64_t count) {
  archive::TensorView tensor;
  tensor.type = type;
  tensor.shape = {count};
  tensor.strides = {1};
  tensor.storage = storage;
  return tensor;
}

std::string odd(ElementType type, std::span<const std::byte> storage, std::int64_t count) {
  return odd_weights("w", view(type, storage, count));
}

template <typename Bits>
void expect_each(ElementType type, Bits largest, Bits infinity) {
  const Bits sign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  for (const std::size_t at : {std::size_t{0}, std::size_t{2500}, std::size_t{4999}}) {
    std::vector<Bits> values(5000, largest);
    EXPECT_EQ(odd(type, bytes_of(values), 5000), "");
    for (const Bits negative : {Bits{0}, sign}) {
      values[at] = static_cast<Bits>(infinity | negative);
      EXPECT_EQ(odd(type, bytes_of(values), 5000), "the weights of w hold infinite values");
      values[at] = static_cast<Bits>((infinity + 1) | negative);
      EXPECT_EQ(odd(type, bytes_of(values), 5000), "the weights of w hold values that are no numbers (NaN)");
    }
  }
}

TEST(OddWeights, AreFoundInEveryTypeOfReals) {
  expect_each<std::uint16_t>(ElementType::float16, 0x7BFF, 0x7C00);
  expect_each<std::uint16_t>(ElementType::bfloat16, 0x7F7F, 0x7F80);
  expect_each<std::uint32_t>(ElementType::float32, 0x7F7FFFFF, 0x7F800000);
  expect_each<std::uint64_t>(ElementType::float64, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000);
  EXPECT_EQ(odd(ElementType::int32, bytes_of(std::vector<std::uint32_t>{0x7F800001}), 1), "");
}

TEST(OddWeights, AreTheTensorsOwnWhereverItLies) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::byte> bytes = bytes_of(std::vector<float>{nan, 1, 2, nan}, 2);  // two bytes beside a word
  archive::TensorView tensor = view(ElementType::float32, std::span(bytes).subspan(2), 2);
  tensor.storage_offset = 1;
  EXPECT_EQ(odd_weights("w", tensor), "");
  tensor.storage_offset = 2;
  EXPECT_NE(odd_weights("w", tensor), "");
  tensor.storage_offset = 0;
  tensor.strides = {3};
  EXPECT_NE(odd_weights("w", tensor), "");
  EXPECT_EQ(odd_weights("w", view(ElementType::float32, {}, 0)), "");
}

}  // namespace
}  // namespace bertrt::family
