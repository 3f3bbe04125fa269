#include "tokenizer/templates/truncation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

ErrorCode error_of(std::size_t first, std::size_t second, bool is_pair, std::size_t room, Truncation truncation,
                   std::size_t stride) {
  try {
    truncate(first, second, is_pair, room, truncation, stride, Side::right);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::runtime;
}

TEST(Truncation, LeavesWhatFits) {
  const auto windows = truncate(5, 0, false, 5, Truncation::none, 0, Side::right);
  EXPECT_THAT(windows.first, ElementsAre(Pair(0, 5)));
}

TEST(Truncation, WindowsShareTheStride) {
  EXPECT_THAT(truncate(10, 0, false, 4, Truncation::longest_first, 1, Side::right).first,
              ElementsAre(Pair(0, 4), Pair(3, 7), Pair(6, 10)));
  EXPECT_THAT(truncate(9, 0, false, 4, Truncation::only_first, 0, Side::right).first,
              ElementsAre(Pair(0, 4), Pair(4, 8), Pair(8, 9)));
  EXPECT_THAT(truncate(9, 0, false, 4, Truncation::only_first, 0, Side::left).first,
              ElementsAre(Pair(5, 9), Pair(1, 5), Pair(0, 1)));
}

TEST(Truncation, LongestFirstKeepsTheShorterWhole) {
  const auto windows = truncate(3, 10, true, 8, Truncation::longest_first, 0, Side::right);
  EXPECT_THAT(windows.first, ElementsAre(Pair(0, 3)));
  EXPECT_THAT(windows.second, ElementsAre(Pair(0, 5), Pair(5, 10)));
  const auto halves = truncate(10, 9, true, 7, Truncation::longest_first, 0, Side::right);
  EXPECT_EQ(halves.first[0], (std::pair<std::size_t, std::size_t>{0, 4}));
  EXPECT_EQ(halves.second[0], (std::pair<std::size_t, std::size_t>{0, 3}));
}

TEST(Truncation, NoRoomAtAllPutsEverythingIntoTheOverflow) {
  EXPECT_THAT(truncate(3, 0, false, 0, Truncation::longest_first, 0, Side::right).first,
              ElementsAre(Pair(0, 0), Pair(0, 3)));
}

TEST(Truncation, Errors) {
  EXPECT_EQ(error_of(5, 0, false, 4, Truncation::none, 0), ErrorCode::input_too_long);
  EXPECT_EQ(error_of(5, 0, false, 4, Truncation::only_first, 4), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(5, 0, false, 4, Truncation::only_second, 0), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(5, 3, true, 4, Truncation::only_second, 0), ErrorCode::input_too_long);
}

}  // namespace
}  // namespace bertrt::tokenizer
