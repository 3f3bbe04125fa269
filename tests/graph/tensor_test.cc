#include "graph/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <thread>

#include "error_matchers.h"
#include "graph/value.h"

namespace bertrt::graph {
namespace {

using testing::ElementsAre;

template <typename T, std::size_t N>
std::shared_ptr<std::vector<std::byte>> bytes_of(const std::array<T, N>& values, std::size_t gap = 0) {
  auto bytes = std::make_shared<std::vector<std::byte>>(gap + sizeof(values));
  std::memcpy(bytes->data() + gap, values.data(), sizeof(values));
  return bytes;
}

archive::TensorView view_of(ElementType type, Sizes shape, Sizes strides, std::span<const std::byte> bytes) {
  return {type, std::move(shape), std::move(strides), 0, bytes, "0"};
}

TEST(Tensor, IsZeroedAndRowMajorWhenMade) {
  const Tensor tensor = Tensor::make(ElementType::float32, {2, 3});
  EXPECT_THAT(tensor.strides(), ElementsAre(3, 1));
  EXPECT_THAT(to_floats(tensor), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_TRUE(tensor.contiguous());
}

TEST(Tensor, GivesValuesInLogicalOrderWhateverTheStrides) {
  Tensor tensor = Tensor::make(ElementType::int32, {2, 3});
  for (std::int32_t i = 0; i < 6; ++i) tensor.mutable_data<std::int32_t>()[i] = i;
  EXPECT_THAT(to_integers(tensor.view_as({3, 2}, {1, 3}, 0)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(to_integers(tensor.view_as({2, 2}, {0, 2}, 1)), ElementsAre(1, 3, 1, 3));
  EXPECT_FALSE(tensor.view_as({3, 2}, {1, 3}, 0).contiguous());
}

TEST(Tensor, RefusesViewsBeyondItsStorage) {
  const Tensor tensor = Tensor::make(ElementType::float32, {6});
  EXPECT_EQ(thrown_by([&] { tensor.view_as({7}, {1}, 0); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([&] { tensor.view_as({2}, {1}, 5); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([&] { tensor.view_as({2}, {-1}, 5); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([&] { tensor.view_as({2}, {1}, -1); }).code(), ErrorCode::runtime);
  const std::int64_t large = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(thrown_by([&] { tensor.view_as({3}, {large}, 0); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([&] { tensor.view_as({2}, {1, 1}, 0); }).code(), ErrorCode::runtime);
  EXPECT_NO_THROW(tensor.view_as({0, 100}, {1000, 1000}, 0));
}

TEST(Tensor, RefusesSizesThatAreNone) {
  EXPECT_EQ(thrown_by([] { count_elements({2, -1}); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([] {
              count_elements({std::int64_t{1} << 32, std::int64_t{1} << 32});
            }).code(),
            ErrorCode::runtime);
  EXPECT_EQ(thrown_by([] { Tensor::make(ElementType::float32, {std::int64_t{1} << 60}); }).code(), ErrorCode::runtime);
  EXPECT_EQ(thrown_by([] { Tensor::make(ElementType::float32, Sizes(65, 1)); }).code(), ErrorCode::runtime);
  EXPECT_EQ(count_elements({0, 5}), 0);
}

TEST(Tensor, WidensHalvesWhenTheyAreRead) {
  const auto half = bytes_of(std::array<std::uint16_t, 3>{0x3c00, 0xc000, 0x7c00});  // 1, -2, inf
  const Tensor tensor = Tensor::from_archive(view_of(ElementType::float16, {3}, {1}, *half), half);
  EXPECT_EQ(tensor.type(), ElementType::float32);
  EXPECT_TRUE(tensor.known());
  EXPECT_THAT(to_floats(tensor), ElementsAre(1, -2, std::numeric_limits<float>::infinity()));
  const auto brain = bytes_of(std::array<std::uint16_t, 2>{0x3f80, 0x4040});  // 1, 3
  EXPECT_THAT(to_floats(Tensor::from_archive(view_of(ElementType::bfloat16, {2}, {1}, *brain), brain)),
              ElementsAre(1, 3));
}

TEST(Tensor, WidensOnceForManyThreads) {
  std::array<std::uint16_t, 4096> ones{};
  ones.fill(0x3c00);
  const auto half = bytes_of(ones);
  const Tensor tensor = Tensor::from_archive(view_of(ElementType::float16, {4096}, {1}, *half), half);
  std::array<const float*, 4> seen{};
  std::vector<std::thread> threads;
  for (auto& one : seen) threads.emplace_back([&one, &tensor] { one = tensor.data<float>(); });
  for (std::thread& thread : threads) thread.join();
  for (const float* one : seen) EXPECT_EQ(one, seen[0]);
}

TEST(Tensor, CopiesBytesThatAreNotAligned) {
  const auto bytes = bytes_of(std::array<std::int64_t, 2>{7, -9}, 1);
  const auto view = view_of(ElementType::int64, {2}, {1}, std::span<const std::byte>(*bytes).subspan(1));
  const Tensor tensor = Tensor::from_archive(view, bytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data<std::int64_t>()) % alignof(std::int64_t), 0U);
  EXPECT_THAT(to_integers(tensor), ElementsAre(7, -9));
}

TEST(Tensor, SharesTheArchivesBytesOtherwise) {
  const auto bytes = bytes_of(std::array<float, 2>{1, 2});
  const Tensor tensor = Tensor::from_archive(view_of(ElementType::float32, {2}, {1}, *bytes), bytes);
  EXPECT_EQ(static_cast<const void*>(tensor.data<float>()), bytes->data());
  EXPECT_EQ(tensor.storage()->write(), Storage::Write::refused);
}

TEST(Tensor, MakesBooleansOfBytesThatAreNone) {
  const auto bytes = bytes_of(std::array<std::uint8_t, 3>{0, 2, 255});
  const Tensor tensor = Tensor::from_archive(view_of(ElementType::boolean, {3}, {1}, *bytes), bytes);
  EXPECT_THAT(to_integers(tensor), ElementsAre(0, 1, 1));
}

TEST(Storage, CopiesForARunBeforeItIsWritten) {
  auto original = Storage::make(ElementType::int64, 2);
  auto local = Storage::for_run(original);
  EXPECT_EQ(local->data(), original->data());
  local->own(nullptr);
  reinterpret_cast<std::int64_t*>(local->mutable_data())[0] = 5;
  EXPECT_EQ(*reinterpret_cast<const std::int64_t*>(original->data()), 0);
  EXPECT_EQ(*reinterpret_cast<const std::int64_t*>(local->data()), 5);
}

TEST(MemoryMeter, RefusesBeforeMemoryIsTaken) {
  const auto meter = std::make_shared<MemoryMeter>(100);
  const auto first = Tensor::make(ElementType::float32, {20}, true, meter);
  EXPECT_EQ(thrown_by([&] { Tensor::make(ElementType::float32, {10}, true, meter); }).code(),
            ErrorCode::out_of_resources);
  // Far more than there is: the budget speaks first.
  const Error huge = thrown_by([&] { Tensor::make(ElementType::float32, {std::int64_t{1} << 50}, true, meter); });
  EXPECT_THAT(huge.what(), testing::HasSubstr("memory budget"));
  EXPECT_EQ(meter->peak(), 80U);
}

TEST(MemoryMeter, CountsWhatIsAliveAlone) {
  const auto meter = std::make_shared<MemoryMeter>(100);
  for (int i = 0; i < 10; ++i) Tensor::make(ElementType::float32, {20}, true, meter);
  EXPECT_EQ(meter->peak(), 80U);
}

TEST(Value, BoundsItsNesting) {
  Value deep = Value::list(std::vector<Value>{});
  for (std::size_t i = 1; i < Nesting::kMaxDepth; ++i) deep = Value::list({deep});
  EXPECT_EQ(thrown_by([&] { Value::list({deep}); }).code(), ErrorCode::runtime);
  Value wide = Value::list(Sizes{1, 2});
  const Error error = thrown_by([&] {
    for (int i = 0; i < 60; ++i) wide = Value::tuple({wide, wide});
  });
  EXPECT_EQ(error.code(), ErrorCode::runtime);
}

TEST(Value, DescribesItself) {
  EXPECT_EQ(describe(Value()), "None");
  EXPECT_EQ(describe(Value(true)), "bool True");
  EXPECT_EQ(describe(Value(std::int64_t{3})), "int 3");
  EXPECT_EQ(describe(Value(Tensor::make(ElementType::float32, {2, 3}))), "float32 tensor [2, 3]");
  EXPECT_EQ(describe(Value::list(Sizes{1, 2})), "List of 2");
  EXPECT_EQ(describe(Value(std::string("a\nb"))), "str \"a b\"");
}

}  // namespace
}  // namespace bertrt::graph
