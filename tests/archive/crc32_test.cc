#include "archive/crc32.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bertrt::archive {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32, GivesTheKnownChecksums) {
  EXPECT_EQ(crc32_of({}), 0U);
  EXPECT_EQ(crc32_of(bytes_of("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32_portable(bytes_of("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32_of(bytes_of(std::string(1000000, '\0'))), crc32_portable(bytes_of(std::string(1000000, '\0'))));
}

// Every way in which the end can fall into its block, and every alignment.
TEST(Crc32, BothWaysAgreeAtEveryLengthAndPlace) {
  std::string text;
  for (std::size_t i = 0; i < 700; ++i) text += static_cast<char>(i * i * 37 + i / 3);
  for (std::size_t size = 0; size + 16 < text.size(); ++size) {
    const auto bytes = bytes_of(text).subspan(size % 16, size);
    ASSERT_EQ(crc32_of(bytes), crc32_portable(bytes)) << size;
  }
}

TEST(Crc32, OneBitAnywhereIsSeen) {
  std::string text(300, 'x');
  const std::uint32_t whole = crc32_of(bytes_of(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>(text[i] ^ (1 << (i % 8)));
    EXPECT_NE(crc32_of(bytes_of(text)), whole) << i;
    text[i] = 'x';
  }
}

}  // namespace
}  // namespace bertrt::archive
