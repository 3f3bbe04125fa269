#include "bertrt/error.h"

#include <gtest/gtest.h>

namespace bertrt {
namespace {

TEST(Error, SaysWhereWhatWasExpectedAndWhatWasFound) {
  const Error error(ErrorCode::invalid_format, "model.pt", "a zip archive", "an empty file");
  EXPECT_STREQ(error.what(), "model.pt: expected a zip archive, found an empty file");
  EXPECT_EQ(error.code(), ErrorCode::invalid_format);
  EXPECT_EQ(error.where(), "model.pt");
  EXPECT_EQ(error.expected(), "a zip archive");
  EXPECT_EQ(error.found(), "an empty file");
}

// Names come from files and callers; a log line and a terminal must not see what they hold.
TEST(Error, IsOneLineWhateverItsPartsHold) {
  const Error error(ErrorCode::io, "a\nb\x1b[2J/caf\xc3\xa9\xff", "one\rtwo",
                    "\xe2\x80\xae"
                    "c");
  EXPECT_STREQ(error.what(), "a\\x0ab\\x1b[2J/caf\xc3\xa9\\xff: expected one\\x0dtwo, found \\u202ec");
  EXPECT_EQ(error.where(), "a\nb\x1b[2J/caf\xc3\xa9\xff");
}

TEST(Error, EveryCodeHasItsName) {
  EXPECT_EQ(to_string(ErrorCode::file_not_found), "file_not_found");
  EXPECT_EQ(to_string(ErrorCode::runtime), "runtime");
}

}  // namespace
}  // namespace bertrt
