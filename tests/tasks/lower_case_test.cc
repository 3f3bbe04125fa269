#include "tasks/lower_case.h"

#include <gtest/gtest.h>

namespace bertrt::tasks {
namespace {

TEST(LowerCase, IsPythons) {
  EXPECT_EQ(lower_case("Paris, ÉTÉ!"), "paris, été!");
  EXPECT_EQ(lower_case("\u0130stanbul"), "i\u0307stanbul");
  EXPECT_EQ(lower_case("STRASSE \u1E9E"), "strasse \u00DF");
  EXPECT_EQ(lower_case(""), "");
}

TEST(LowerCase, ASigmaAtAWordsEndIsTheFinalOne) {
  EXPECT_EQ(lower_case("\u039F\u0394\u039F\u03A3"), "\u03BF\u03B4\u03BF\u03C2");
  EXPECT_EQ(lower_case("\u03A3\u039F\u03A3 \u03A3"), "\u03C3\u03BF\u03C2 \u03C3");
  EXPECT_EQ(lower_case("A\u03A3'B"), "a\u03C3'b");  // what is passed over parts no words
  EXPECT_EQ(lower_case("A\u03A3' B"), "a\u03C2' b");
  EXPECT_EQ(lower_case("A'\u03A3"), "a'\u03C2");
}

TEST(LowerCase, InvalidBytesAreReplaced) { EXPECT_EQ(lower_case("A\xFF"), "a\uFFFD"); }

}  // namespace
}  // namespace bertrt::tasks
