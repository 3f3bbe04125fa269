#include "text/plain_classes.h"

#include <gtest/gtest.h>

#include "bertrt/error.h"
#include "text/regex.h"

namespace bertrt::text {
namespace {

/// All that `pattern` matches in `text`.
std::string matched(std::string_view pattern, std::string_view text) {
  std::vector<Match> matches;
  Regex(pattern, "test").find_all(text, matches);
  std::string all;
  for (const Match& match : matches) {
    if (match.matched) all += text.substr(match.begin, match.end - match.begin);
  }
  return all;
}

constexpr std::string_view kText = "a1 $,\u20ac\u00bf\u00b1_[]#";

// As tokenizers 0.23.3 has it: Regex(pattern) in a Split.
TEST(PunctClass, HoldsSymbols) {
  EXPECT_EQ(matched("[[:punct:]]", kText), "$,\u20ac\u00bf\u00b1_[]#");
  EXPECT_EQ(matched("[^[:punct:]\\s]+", kText), "a1");
  EXPECT_EQ(matched("[[:^punct:]]", kText), "a1 ");
  EXPECT_EQ(matched("[^[:^punct:]]", kText), "$,\u20ac\u00bf\u00b1_[]#");
  EXPECT_EQ(matched("[[:punct:]&&[^$]]", kText), ",\u20ac\u00bf\u00b1_[]#");
  EXPECT_EQ(matched("(?i)[a[:punct:]1]", "A1 $"), "A1$");
  EXPECT_EQ(matched("(?:[]^[:punct:]]|\\[)1", "$1[1a1"), "$1[1");
}

TEST(PunctClass, IsAsciiUnderItsOption) {
  EXPECT_EQ(matched("(?P)[[:punct:]]", kText), "$,_[]#");
  EXPECT_EQ(matched("(?P)[[:^punct:]]", kText), "a1 \u20ac\u00bf\u00b1");
  EXPECT_EQ(matched("(?P)\\p{Punct}", kText), ",\u00bf_[]#");
}

TEST(PunctClass, HasNoSymbolsAsAProperty) {
  EXPECT_EQ(matched("\\p{Punct}", kText), ",\u00bf_[]#");
  EXPECT_EQ(matched("\\p{ p_UN-ct}", kText), ",\u00bf_[]#");
  EXPECT_EQ(matched("\\p{^Punct}", kText), "a1 $\u20ac\u00b1");
  EXPECT_EQ(matched("[\\P{Punct}]", kText), "a1 $\u20ac\u00b1");
}

TEST(WordClass, IsThatOfLetters) {
  constexpr std::string_view text = "a\u00b2\u00bd $";
  EXPECT_EQ(matched("\\p{Word}", text), "a\u00b2\u00bd");
  EXPECT_EQ(matched("\\P{^word}", text), "a\u00b2\u00bd");
  EXPECT_EQ(matched("\\P{Word}", text), " $");
  EXPECT_EQ(matched("\\p{^Word}", text), " $");
  EXPECT_EQ(matched("(?W)\\p{Word}", text), "a");
  EXPECT_EQ(with_plain_classes("[\\p{Word}]"), "[\\p{Word}]");
}

TEST(PunctClass, StandsWhereASetIsOpen) {
  for (const char* same :
       {"[:punct:]", "\\[[:punct:]", "[]:punct:]", "(?#[)[:punct:]", "\\c[[:punct:]", "[[:alpha:]][:punct:]",
        "[\\]][:punct:]", "\\C-[[:punct:]", "[[a]b][:punct:]", "[^]][:punct:]"}) {
    EXPECT_EQ(with_plain_classes(same), same);
  }
  for (const char* other : {"[[:punct:]]", "[][:punct:]]", "[^][:punct:]]", "[\\][:punct:]]", "[a[b]&&[:punct:]]",
                            "(?#\\))[[:punct:]]", "(?x)[[:punct:]#]", "\\#(?=x)#[[:punct:]]"}) {
    EXPECT_NE(with_plain_classes(other), other);
    EXPECT_TRUE(with_plain_classes(other)) << other;
  }
}

TEST(PunctClass, WhatCannotBeToldIsAnError) {
  EXPECT_EQ(with_plain_classes("(?x)a # [\n[[:punct:]]"), std::nullopt);
  EXPECT_EQ(with_plain_classes("(*FAIL)[[:punct:]]"), std::nullopt);
  EXPECT_THROW(Regex("(?x)a # [\n[[:punct:]]", "test"), Error);
  // No range ends with a class, whatever stands for it.
  EXPECT_THROW(Regex("[[:punct:]-z]", "test"), Error);
  EXPECT_THROW(Regex("[a-[:^punct:]]", "test"), Error);
}

}  // namespace
}  // namespace bertrt::text
