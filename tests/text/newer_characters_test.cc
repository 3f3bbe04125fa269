#include "text/newer_characters.h"

#include <gtest/gtest.h>

#include "text/regex.h"

namespace bertrt::text {
namespace {

TEST(NewerCharacters, KeepBytesAndOldCharacters) {
  std::string scratch;
  const std::string_view old = "Hello \u00e9 \u6f22 \U0001F600";
  EXPECT_EQ(with_older_characters(old, scratch).data(), old.data());
  // U+2EC36, a letter of Unicode 15.1, between two letters that are old.
  const std::string newer = "\u00e9\U0002EC36\u00e9";
  const std::string_view shown = with_older_characters(newer, scratch);
  ASSERT_EQ(shown.size(), newer.size());
  EXPECT_EQ(shown.substr(0, 2), "\u00e9");
  EXPECT_NE(shown.substr(2, 4), "\U0002EC36");
}

TEST(NewerCharacters, MatchWhereTheyShould) {
  std::vector<Match> matches;
  Regex("\\w+", "test").find_all("a\U0002EC36\u0363 b", matches);
  ASSERT_EQ(matches.size(), 3u);
  EXPECT_EQ(matches[0].end, 7u);
  // Of no script that has another like it: it keeps its category, and is a letter.
  matches.clear();
  Regex("[[:alpha:]&&\\p{Mn}]", "test").find_all("\U0001E08F", matches);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_TRUE(matches[0].matched);
  // A pattern that names one sees it.
  matches.clear();
  Regex("\U0002EC36", "test").find_all("a\U0002EC36", matches);
  ASSERT_EQ(matches.size(), 2u);
  EXPECT_TRUE(matches[1].matched);
}

}  // namespace
}  // namespace bertrt::text
