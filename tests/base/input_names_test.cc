#include "base/input_names.h"

#include <gtest/gtest.h>

namespace bertrt::base {
namespace {

TEST(InputNames, WhatTorchAddsIsLeftOut) {
  EXPECT_EQ(standard_input_name("input_ids.1"), "input_ids");
  EXPECT_EQ(standard_input_name("token_type_ids0"), "token_type_ids");
  EXPECT_EQ(standard_input_name("argument_1"), "argument_1");
  EXPECT_EQ(standard_input_name("input_ids_pair"), "input_ids_pair");
  EXPECT_EQ(standard_input_name("other.3"), "other");
}

TEST(InputNames, ATextsOwnAreFour) {
  EXPECT_TRUE(is_text_input("position_ids"));
  EXPECT_FALSE(is_text_input("bbox"));
  EXPECT_FALSE(is_text_input(""));
}

}  // namespace
}  // namespace bertrt::base
