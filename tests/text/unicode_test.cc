// The tables as a whole are covered by the golden files of the tokenizers; here stand the cases that show which Unicode
// versions Hugging Face's are of.

#include "text/unicode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bertrt::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Unicode, FlagsOfAscii) {
  EXPECT_TRUE(unicode_flags(' ') & kSpace);
  EXPECT_FALSE(unicode_flags(' ') & kRemoved);
  EXPECT_TRUE(unicode_flags(0) & kRemoved);
  EXPECT_TRUE(unicode_flags('$') & kPunctuation);
  EXPECT_TRUE(unicode_flags('_') & kWord);
  EXPECT_EQ(unicode_flags('a'), kWord);
}

TEST(Unicode, VersionsAreAMixture) {
  EXPECT_FALSE(unicode_flags(0x08D4) & kNonspacing);  // a mark since Unicode 9
  EXPECT_TRUE(unicode_flags(0x0301) & kNonspacing);
  EXPECT_FALSE(unicode_flags(0x2E45) & kPunctuation);   // punctuation since Unicode 10
  EXPECT_THAT(decomposition(0x11938), IsEmpty());       // decomposes since Unicode 13
  EXPECT_THAT(lowercase(0xA7CB), ElementsAre(0x0264));  // lower-case since Unicode 16
}

TEST(Unicode, Mappings) {
  EXPECT_THAT(lowercase('A'), ElementsAre('a'));
  EXPECT_THAT(lowercase('a'), IsEmpty());
  EXPECT_THAT(lowercase(0x130), ElementsAre('i', 0x307));
  EXPECT_THAT(decomposition(0xE9), ElementsAre('e', 0x301));
  EXPECT_THAT(decomposition(0x1F82), ElementsAre(0x3B1, 0x313, 0x300, 0x345));
  EXPECT_EQ(combining_class(0x301), 230);
  EXPECT_EQ(combining_class(0x323), 220);
  EXPECT_EQ(combining_class('a'), 0);
}

TEST(Unicode, Hangul) {
  char32_t jamo[3];
  ASSERT_EQ(hangul_decomposition(0xD55C, jamo), 3u);
  EXPECT_THAT(jamo, ElementsAre(0x1112, 0x1161, 0x11AB));
  EXPECT_EQ(hangul_decomposition(0xAC00, jamo), 2u);
  EXPECT_FALSE(is_hangul_syllable(0xD7A4));
}

TEST(Unicode, ValuesOutsideAreSafe) {
  unicode_flags(0x110000);
  unicode_flags(0xFFFFFFFF);
  EXPECT_EQ(combining_class(0xFFFFFFFF), 0);
  EXPECT_THAT(lowercase(0xFFFFFFFF), IsEmpty());
}

}  // namespace
}  // namespace bertrt::text
