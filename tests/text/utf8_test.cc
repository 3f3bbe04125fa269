#include "text/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bertrt::text {
namespace {

std::vector<std::pair<char32_t, std::uint32_t>> decode_all(std::string_view text) {
  std::vector<std::pair<char32_t, std::uint32_t>> all;
  for (std::size_t at = 0; at < text.size();) {
    const Decoded c = decode_utf8(text, at);
    all.emplace_back(c.code_point, c.length);
    at += c.length;
  }
  return all;
}

using Pairs = std::vector<std::pair<char32_t, std::uint32_t>>;

TEST(Utf8, DecodesEveryLength) {
  EXPECT_EQ(decode_all("a\u00e9\u6f22\U0001f600"), (Pairs{{'a', 1}, {0xE9, 2}, {0x6F22, 3}, {0x1F600, 4}}));
}

TEST(Utf8, RoundTripsEveryScalarValue) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_utf8(c, text);
    const Decoded decoded = decode_utf8(text, 0);
    ASSERT_EQ(decoded.code_point, c);
    ASSERT_EQ(decoded.length, text.size());
  }
}

// Unicode 16, tables 3-8 to 3-11.
TEST(Utf8, ReplacesMaximalSubparts) {
  const auto bad = [](std::uint32_t length) { return std::pair<char32_t, std::uint32_t>{kReplacement, length}; };
  EXPECT_EQ(decode_all("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            (Pairs{bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), {0x41, 1}}));
  EXPECT_EQ(decode_all("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            (Pairs{bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), bad(1), {0x41, 1}}));
  EXPECT_EQ(decode_all("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            (Pairs{bad(1), bad(1), bad(1), bad(1), bad(1), {0x41, 1}, bad(1), bad(1), {0x42, 1}}));
  EXPECT_EQ(decode_all("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), (Pairs{bad(2), bad(1), bad(3), bad(2), {0x41, 1}}));
}

TEST(Utf8, TruncatedAtTheEnd) {
  EXPECT_EQ(decode_all("\xE6\xBC"), (Pairs{{kReplacement, 2}}));
  EXPECT_EQ(decode_all("\xF0\x9F\x98"), (Pairs{{kReplacement, 3}}));
}

TEST(Utf8, KnowsValidText) {
  EXPECT_TRUE(is_valid_utf8("a\u00e9\ufffd"));
  EXPECT_FALSE(is_valid_utf8("a\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xF0\x9F\x98"));
}

TEST(Utf8, StepsBack) {
  const std::string text = "a\u00e9\U0001f600";
  EXPECT_EQ(previous_utf8(text, text.size()), 3u);
  EXPECT_EQ(previous_utf8(text, 3), 1u);
  EXPECT_EQ(previous_utf8(text, 1), 0u);
}

}  // namespace
}  // namespace bertrt::text
