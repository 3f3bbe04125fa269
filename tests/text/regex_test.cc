#include "text/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bertrt/error.h"

namespace bertrt::text {
namespace {

/// "ab|[cd]|e": what matched stands in brackets.
std::string show(const Regex& regex, std::string_view text) {
  std::vector<Match> matches;
  regex.find_all(text, matches);
  std::string shown;
  for (const Match& match : matches) {
    const std::string part(text.substr(match.begin, match.end - match.begin));
    shown += (shown.empty() ? "" : "|") + (match.matched ? "[" + part + "]" : part);
  }
  return shown;
}

TEST(Regex, CoversTheText) {
  EXPECT_EQ(show(Regex("b+", "test"), "abba"), "a|[bb]|a");
  EXPECT_EQ(show(Regex("\\p{L}+", "test"), "\u00e9a 1"), "[\u00e9a]| 1");
  EXPECT_EQ(show(Regex::literal("."), "a.b"), "a|[.]|b");
  EXPECT_EQ(show(Regex("x", "test"), ""), "");
}

TEST(Regex, EmptyMatchesStandBetweenCharacters) {
  EXPECT_EQ(show(Regex("(?=b)", "test"), "abb"), "a|[]|b|[]|b");
  EXPECT_EQ(show(Regex("b*", "test"), "abc"), "[]|a|[b]|c|[]");
}

TEST(Regex, WhatIsNoPatternIsAnError) {
  EXPECT_THROW(Regex("(", "test"), Error);
  EXPECT_THROW(Regex(std::string(100000, 'a'), "test"), Error);
  EXPECT_THROW(Regex(std::string(5000, '(') + std::string(5000, ')'), "test"), Error);
}

TEST(Regex, APatternThatTakesTooLongIsAnError) {
  const Regex regex("(a+)+b", "test");
  std::vector<Match> matches;
  EXPECT_THROW(regex.find_all(std::string(64, 'a') + "!b", matches), Error);
  matches.clear();
  regex.find_all(std::string(64, 'a') + "b", matches);
  EXPECT_EQ(matches.size(), 1u);
}

}  // namespace
}  // namespace bertrt::text
