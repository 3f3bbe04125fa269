#include "base/fresh_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace bertrt::base {
namespace {

TEST(FreshMemory, IsThereAndAligned) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, (std::size_t{9} << 20) + 5}) {
    for (const std::size_t alignment : {std::size_t{16}, std::size_t{64}, std::size_t{4096}}) {
      const FreshMemory memory = fresh_memory(bytes, alignment);
      ASSERT_NE(memory, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % alignment, 0U);
      std::memset(memory.get(), 1, bytes);
    }
  }
}

}  // namespace
}  // namespace bertrt::base
