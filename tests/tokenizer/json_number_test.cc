#include "tokenizer/files/json_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace bertrt::tokenizer {
namespace {

struct Case {
  const char* text;
  double tokenizers;  ///< what tokenizers 0.23.3 reads, as Tokenizer.to_str() shows it
  double python;      ///< float()
};

// Hexadecimal, so that no compiler rounds.
const std::vector<Case> kCases = {
    {"-9.188857052510805", -0x1.260b1df204e43p+3, -0x1.260b1df204e44p+3},
    {"-10.1234567890123456789", -0x1.43f35ba6e8decp+3, -0x1.43f35ba6e8dedp+3},
    {"0.000000000000000000000000000001234567890123456789", 0x1.90a3e33c69ac2p-100, 0x1.90a3e33c69ac3p-100},
    {"-1.968600754027218", -0x1.f7f638116d870p+0, -0x1.f7f638116d870p+0},
    {"0.1234567890123456789012345", 0x1.f9add3746f65fp-4, 0x1.f9add3746f65fp-4},
    {"18446744073709551615", 0x1p+64, 0x1p+64},
    {"18446744073709551616.3", 0x1p+64, 0x1p+64},
    {"123456789012345678901234567890", 0x1.8ee90ff6c373ep+96, 0x1.8ee90ff6c373ep+96},
    {"-12345678901234567890.5e-3", -0x1.5ee2a2eb5a5c4p+53, -0x1.5ee2a2eb5a5c4p+53},
    {"1.7976931348623157e308", 0x1.fffffffffffffp+1023, 0x1.fffffffffffffp+1023},
    {"0.00000001e316", 0x1.1ccf385ebc8a0p+1023, 0x1.1ccf385ebc8a0p+1023},
    {"123456789e-330", 0x0.0000000000019p-1022, 0x0.0000000000019p-1022},
    {"1E+05", 100000, 100000},
    {"-7", -7, -7},
};

TEST(JsonNumber, IsRoundedAsItsReaderDoes) {
  for (const Case& one : kCases) {
    const std::string text = one.text;
    EXPECT_EQ(read_json_number(text, JsonReader::tokenizers).value, one.tokenizers) << text;
    EXPECT_EQ(read_json_number(text, JsonReader::python).value, one.python) << text;
    EXPECT_EQ(read_json_number(text + "]", JsonReader::tokenizers).size, text.size()) << text;
  }
}

TEST(JsonNumber, TooSmallOnesAreZerosWithTheirSign) {
  for (const JsonReader reader : {JsonReader::tokenizers, JsonReader::python}) {
    for (const std::string text : {"-1e-400", "1e-2147483648", "-1e-99999999999", "0e99999999999", "-0.0", "-0"}) {
      const JsonNumber number = read_json_number(text, reader);
      EXPECT_EQ(number.size, text.size()) << text;
      EXPECT_EQ(number.value, 0) << text;
      EXPECT_EQ(std::signbit(number.value), text[0] == '-') << text;
    }
  }
}

TEST(JsonNumber, NoneIsTooLargeOrSpelledOtherwise) {
  for (const JsonReader reader : {JsonReader::tokenizers, JsonReader::python}) {
    for (const char* text : {"1e400", "-1e309", "18e307", "1e99999999999", "1.7976931348623159e308", "01", "-01", "1.",
                             ".5", "1e", "1e+", "-", "+1", "1.e5", "--1", "Infinity", "NaN", "inf", ""}) {
      EXPECT_EQ(read_json_number(text, reader).size, 0U) << text;
    }
  }
}

TEST(JsonNumber, EndsWhereTheNumberEnds) {
  EXPECT_EQ(read_json_number("0x1", JsonReader::tokenizers).size, 1U);
  EXPECT_EQ(read_json_number("1e1.5", JsonReader::tokenizers).size, 3U);
}

}  // namespace
}  // namespace bertrt::tokenizer
