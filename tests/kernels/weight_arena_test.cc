#include "kernels/weight_arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

namespace bertrt::kernels {
namespace {

TEST(WeightArena, GivesPartsThatAreAlignedAndApart) {
  WeightArena arena(WeightArena::room_for(100) + WeightArena::room_for(64) + WeightArena::room_for(1));
  const AlignedBuffer parts[] = {arena.take(100), arena.take(64), arena.take(1), arena.take(300)};
  const std::size_t sizes[] = {100, 64, 1, 300};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(parts[i].size(), sizes[i]);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(parts[i].data()) % AlignedBuffer::kAlignment, 0U);
    std::memset(parts[i].data(), static_cast<int>(i) + 1, sizes[i]);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(parts[i].data()[0], std::byte(i + 1));
    EXPECT_EQ(parts[i].data()[sizes[i] - 1], std::byte(i + 1));
  }
  EXPECT_EQ(parts[1].data() - parts[0].data(), 128);  // of the one piece
}

TEST(WeightArena, ItsMemoryLivesAsLongAsAPart) {
  std::optional<WeightArena> arena(std::in_place, 256);
  const AlignedBuffer part = arena->take(256);
  arena.reset();
  std::memset(part.data(), 7, part.size());
  EXPECT_EQ(part.data()[255], std::byte{7});
}

TEST(WeightArena, AnEmptyOneGivesMemoryAllTheSame) {
  WeightArena arena(0);
  EXPECT_EQ(arena.take(10).size(), 10U);
}

TEST(WeightArena, ManyThreadsTakeAtOnce) {
  constexpr std::size_t kEach = 200;
  WeightArena arena(2 * kEach * 64);
  std::vector<AlignedBuffer> taken[2];
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&arena, &mine] {
      for (std::size_t i = 0; i < kEach; ++i) {
        mine.push_back(arena.take(64));
        std::memset(mine.back().data(), static_cast<int>(i), 64);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : taken) {
    for (std::size_t i = 0; i < kEach; ++i) EXPECT_EQ(mine[i].data()[63], std::byte(i));
  }
}

}  // namespace
}  // namespace bertrt::kernels
