#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bertrt/error.h"

namespace bertrt::base {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& text, const JsonLimits& limits = {},
                     ErrorCode code = ErrorCode::invalid_format) {
  try {
    (void)parse_json(text, "file.json", limits);
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_EQ(error.where(), "file.json");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
}

TEST(Json, KeysInTheOrderOfTheText) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  const std::string text = R"({"z": 1, "b": {"y": {"n": 0}, "x": [{"m": 0}]}, "a": [{"b": {"q": 0}}]})";
  EXPECT_THAT(json_keys_in_order(text), ElementsAre("z", "b", "a"));
  EXPECT_THAT(json_keys_in_order(text, "b"), ElementsAre("y", "x"));
  for (const char* member : {"z", "a", "none"}) EXPECT_THAT(json_keys_in_order(text, member), IsEmpty()) << member;
  EXPECT_THAT(json_keys_in_order(R"([{"a": 1}])"), IsEmpty());
  EXPECT_THAT(json_keys_in_order(R"({"a": 1)"), IsEmpty());
}

TEST(Json, ReadsEveryKindOfValue) {
  const std::string text =
      R"( {"a": [1, -2, 3.5, true, false, null, "x\u00e9"], "b": {"c": {}}, "d": 18446744073709551615, "e": [[], {}]} )";
  EXPECT_EQ(parse_json(text, "j"), nlohmann::json::parse(text));
  for (const char* one : {"1", "\"a\"", "null", "[]", "{}"}) {
    EXPECT_EQ(parse_json(one, "j"), nlohmann::json::parse(one));
  }
}

TEST(Json, WhatIsNoJsonIsRefusedWithItsPlace) {
  for (const char* text : {"", " ", "{", "[1,", "{\"a\"}", "{\"a\":1,}", "[1] 2", "nul", "NaN", "[Infinity]", "'a'",
                           "\"a", "[1]]", "01", "+1", "\"\n\"", "// c\n1"}) {
    EXPECT_THAT(error_of(text), HasSubstr("expected JSON")) << text;
  }
  EXPECT_THAT(error_of("[1, x]"), HasSubstr("byte 5"));
  EXPECT_THAT(error_of("[1e999]"), HasSubstr("too large"));
}

TEST(Json, InvalidUtf8IsRefused) {
  for (const char* bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"}) {
    EXPECT_NE(error_of(std::string("\"").append(bytes).append("\"")), "no error");
    EXPECT_NE(error_of(std::string("{\"").append(bytes).append("\": 1}")), "no error");
  }
  EXPECT_NE(error_of(R"("\ud800")"), "no error");
}

TEST(Json, AKeyStandsOnceInAnObject) {
  EXPECT_THAT(error_of(R"({"a": 1, "b": 2, "a": 3})"), HasSubstr("a twice"));
  EXPECT_THAT(error_of(R"({"x": [{"a": 1, "\u0061": 1}]})"), HasSubstr("a twice"));
  EXPECT_THAT(error_of("{\"\\u001b[2J\": 1, \"\\u001b[2J\": 1}"), HasSubstr("\\x1b[2J twice"));
  EXPECT_EQ(error_of(R"({"a": {"a": 1}, "b": {"a": 1}})"), "no error");
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, DepthIsBounded) {
  EXPECT_EQ(error_of(nested(64)), "no error");
  EXPECT_THAT(error_of(nested(65)), HasSubstr("nested"));
  EXPECT_THAT(error_of(std::string(10000000, '[')), HasSubstr("nested"));
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"a\":";
  EXPECT_THAT(error_of(objects), HasSubstr("nested"));
  EXPECT_EQ(error_of(std::string("[").append(nested(63)).append(",").append(nested(63)).append("]")),
            "no error");  // depth, not the sum of it
}

TEST(Json, SizeIsBounded) {
  const JsonLimits small{.depth = 4, .bytes = 20, .elements = 5};
  EXPECT_EQ(error_of("[1,2,3,4]", small), "no error");
  EXPECT_THAT(error_of("[1,2,3,4,5]", small, ErrorCode::unsupported), HasSubstr("at most 5 values"));
  EXPECT_THAT(error_of(R"({"a":1,"b":[2,3,4]})", small, ErrorCode::unsupported), HasSubstr("at most 5 values"));
  EXPECT_THAT(error_of(std::string(21, ' '), small, ErrorCode::unsupported), HasSubstr("at most 20 bytes"));
}

}  // namespace
}  // namespace bertrt::base
