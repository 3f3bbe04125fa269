#include "bertrt/runtime.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "base/warnings.h"
#include "bertrt/error.h"

namespace bertrt {
namespace {

TEST(Runtime, ThreadsFollowTheSettingAndZeroMeansAll) {
  set_num_threads(3);
  EXPECT_EQ(num_threads(), 3U);
  set_num_threads(0);
  EXPECT_GE(num_threads(), 1U);
  EXPECT_THROW(set_num_threads(5000), Error);
}

TEST(Runtime, WarningsReachTheHandler) {
  std::string seen;
  set_warning_handler([&](std::string_view message) { seen = message; });
  base::warn("one line");
  EXPECT_EQ(seen, "one line");
  set_warning_handler([](std::string_view) { throw std::runtime_error("handler"); });
  base::warn("survives");
  set_warning_handler({});
  base::warn("dropped");
  EXPECT_EQ(seen, "one line");
}

}  // namespace
}  // namespace bertrt
