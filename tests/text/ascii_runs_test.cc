#include "text/ascii_runs.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>
#include <vector>

namespace bertrt::text {
namespace {

TEST(AsciiRuns, EqualsBytewise) {
  std::mt19937 random(1);
  for (std::size_t blocks = 0; blocks < 9; ++blocks) {
    std::string text(64 * blocks, ' ');
    for (char& c : text) c = static_cast<char>(random());
    std::vector<std::uint64_t> breaks(blocks + 1, 42);
    find_word_breaks(text.data(), blocks, breaks.data());
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const bool is_break = !(byte < 128 && std::isalnum(byte));
      ASSERT_EQ(breaks[i / 64] >> i % 64 & 1, is_break) << "byte " << int{byte};
    }
    EXPECT_EQ(breaks[blocks], 42u) << "wrote behind the end";
  }
}

TEST(AsciiRuns, EveryByteAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(64, static_cast<char>(byte));
    std::uint64_t breaks = 0;
    find_word_breaks(text.data(), 1, &breaks);
    EXPECT_EQ(breaks, byte < 128 && std::isalnum(byte) ? 0 : ~std::uint64_t{0}) << byte;
  }
}

}  // namespace
}  // namespace bertrt::text
