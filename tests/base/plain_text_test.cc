#include "base/plain_text.h"

#include <gtest/gtest.h>

#include <string>

namespace bertrt::base {
namespace {

TEST(PlainText, TakesWhatCanBeShown) {
  for (const char* text : {"", "a b", "caf\xc3\xa9", "\xe6\x9d\xb1\xe4\xba\xac", "\xf0\x9f\xa4\x97", "\xef\xbf\xbd"}) {
    EXPECT_EQ(problem_of_text(text), "") << text;
  }
}

TEST(PlainText, RefusesWhatTerminalsObey) {
  for (const char* text :
       {"\x1b[2J", "a\nb", "\r", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x81\xa6"}) {
    EXPECT_EQ(problem_of_text(text), "one with control characters") << printable(text);
  }
  EXPECT_EQ(problem_of_text(std::string(1, '\0')), "one with control characters");
}

TEST(PlainText, RefusesWhatIsNotUtf8) {
  for (const char* text : {"\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
                           "a\xe2\x82", "\x80", "\xc3(", "\xf0\x80\x80\x80"}) {
    EXPECT_EQ(problem_of_text(text), "one that is not UTF-8") << printable(text);
  }
}

TEST(PlainText, PrintsTextAndSpellsOutTheRest) {
  EXPECT_EQ(printable("m/\x1b[31m\xc3\xa9\n\xff"), "m/\\x1b[31m\xc3\xa9\\x0a\\xff");
  EXPECT_EQ(printable(std::string(99, 'a') + "\xe6\xa4\x9c"), std::string(99, 'a') + "...");
  EXPECT_EQ(printable(std::string(101, 'a')), std::string(100, 'a') + "...");
  EXPECT_EQ(printable(std::string(100, 'a')), std::string(100, 'a'));
}

}  // namespace
}  // namespace bertrt::base
