#include "printable.h"

#include <gtest/gtest.h>

namespace bertrt::cli {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("plain"), "plain");
  EXPECT_EQ(printable("Zürich 東京 🙂"), "Zürich 東京 🙂");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, SpellsOutWhatATerminalObeys) {
  EXPECT_EQ(printable("\x1b[2J\a\b\n\r\t\x7f"), "\\x1b[2J\\x07\\x08\\x0a\\x0d\\x09\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\u009b31m")
      << "an escape in one character";
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "txt"),
            "\\u202etxt")
      << "writing from the right";
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, SpellsOutBytesThatAreNoText) {
  EXPECT_EQ(printable("\xFF"), "\\xff");
  EXPECT_EQ(printable("a\xC3"), "a\\xc3");
  EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

}  // namespace
}  // namespace bertrt::cli
