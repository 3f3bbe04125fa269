#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bertrt/error.h"

namespace bertrt {

/// What `function` throws, which must be an Error on one line.
template <typename Function>
Error thrown_by(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::runtime, "test", "an Error", "nothing");
}

}  // namespace bertrt
