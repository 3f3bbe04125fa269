#include "archive/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "archive/test_zip.h"
#include "error_matchers.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;

// A file with this header and so many bytes of data. @param length  what it says of the header's; by default the truth
std::string file_of(const std::string& header, std::size_t data, std::int64_t length = -1) {
  std::string bytes;
  test::put(bytes, length < 0 ? header.size() : static_cast<std::uint64_t>(length), 8);
  bytes += header;
  for (std::size_t i = 0; i < data; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

std::vector<NamedTensor> read(const std::string& bytes) { return read_safetensors(test::bytes_of(bytes), "w"); }

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& range) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + range + "}";
}

TEST(Safetensors, TensorsInTheOrderOfTheirBytes) {
  const std::string bytes = file_of("{" + entry("b", "F32", "[2,1]", "[2,10]") + R"(,"__metadata__":{"format":"pt"},)" +
                                        entry("a", "BF16", "[1]", "[0,2]") + "," + entry("c", "I64", "[]", "[10,18]") +
                                        "," + entry("none", "F16", "[3,0]", "[18,18]") + "}  ",
                                    18);
  const std::vector<NamedTensor> tensors = read(bytes);
  ASSERT_EQ(tensors.size(), 4U);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].tensor.type, ElementType::bfloat16);
  EXPECT_EQ(tensors[1].name, "b");
  EXPECT_EQ(tensors[1].tensor.shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(tensors[1].tensor.strides, (std::vector<std::int64_t>{1, 1}));
  float want = 0;
  const unsigned char raw[] = {6, 7, 8, 9};
  std::memcpy(&want, raw, 4);
  EXPECT_EQ(to_float32(tensors[1].tensor)[1], want);
  EXPECT_EQ(tensors[2].tensor.elements(), 1U);
  EXPECT_EQ(tensors[3].tensor.elements(), 0U);
}

TEST(Safetensors, AFileWithoutTensors) { EXPECT_TRUE(read(file_of("{}", 0)).empty()); }

TEST(Safetensors, TheFileOfTheirOwnWriter) {
  const std::string bytes = test::read_file(test::data("archive/weights.safetensors"));
  EXPECT_FALSE(read(bytes).empty());
}

struct Bad {
  const char* name;
  std::string bytes;
  const char* message;
  ErrorCode code = ErrorCode::invalid_format;
};

std::vector<Bad> bad_files() {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& range, std::size_t data) {
    return file_of("{" + entry("w", dtype, shape, range) + "}", data);
  };
  const std::string two_names = "{" + entry("w", "U8", "[1]", "[0,1]") + "," + entry("w", "U8", "[1]", "[1,2]") + "}";
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100000; ++i) deep += "[";
  return {
      {"empty", "", "8-byte length"},
      {"short", "\x01\x02", "8-byte length"},
      {"huge_header", file_of("{}", 0, 100'000'001), "100,000,000"},
      {"lfs_pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 133466304\n", "git lfs pull"},
      {"header_past_the_end", file_of("{}", 0, 50), "50 bytes"},
      {"no_brace", file_of(" {}", 0), "begins with"},
      {"no_json", file_of("{nonsense", 0), "JSON"},
      {"deep", file_of(deep, 0), "deep"},
      {"a_name_twice", file_of(two_names, 2), "twice"},
      {"unknown_dtype", one("F33", "[1]", "[0,4]", 4), "dtype"},
      {"other_dtype", one("F8_E4M3", "[4]", "[0,4]", 4), "F8_E4M3", ErrorCode::unsupported},
      {"negative_size", one("F32", "[-1]", "[0,4]", 4), "whole numbers"},
      {"fraction", one("F32", "[1.5]", "[0,4]", 4), "whole numbers"},
      {"overflow", one("F32", "[4294967296,4294967296]", "[0,4]", 4), "memory"},
      {"overflow_beside_zero", one("F32", "[4294967296,0,4294967296,4294967296]", "[0,0]", 0), "memory"},
      {"size_against_range", one("F32", "[2]", "[0,4]", 4), "8 bytes"},
      {"range_past_the_end", one("F32", "[2]", "[0,8]", 4), "data_offsets within 4"},
      {"range_backwards", one("F32", "[0]", "[4,0]", 4), "data_offsets within"},
      {"range_not_a_pair", one("F32", "[1]", "[0,4,8]", 8), "data_offsets"},
      {"hole_before", one("F32", "[1]", "[4,8]", 8), "begins where"},
      {"bytes_behind", one("F32", "[1]", "[0,4]", 5), "4 bytes of data"},
      {"overlap", file_of("{" + entry("v", "F32", "[2]", "[0,8]") + "," + entry("w", "F32", "[2]", "[4,12]") + "}", 12),
       "begins where"},
      {"same_range_twice",
       file_of("{" + entry("v", "F32", "[1]", "[0,4]") + "," + entry("w", "F32", "[1]", "[0,4]") + "}", 4),
       "begins where"},
      {"no_object", file_of(R"({"w":[1]})", 0), "dtype, shape"},
      {"metadata_of_numbers", file_of(R"({"__metadata__":{"a":1}})", 0), "__metadata__"},
      {"a_name_to_show", file_of("{" + entry("\\u001b[31m", "F33", "[1]", "[0,4]") + "}", 4), "w: \\x1b[31m"},
  };
}

class SafetensorsBad : public testing::TestWithParam<Bad> {};

TEST_P(SafetensorsBad, IsOneClearError) {
  const Error error = thrown_by([&] { (void)read(GetParam().bytes); });
  EXPECT_EQ(error.code(), GetParam().code);
  EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Files, SafetensorsBad, testing::ValuesIn(bad_files()),
                         [](const auto& one) { return std::string(one.param.name); });

// Whatever is cut or changed in a sound file, there is an error or tensors inside it, never a read past its end.
TEST(Safetensors, AnyByteMayBeWrong) {
  const std::string sound = test::read_file(test::data("archive/weights.safetensors"));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const int flip : {1, 0x80}) {
      std::string bytes = sound;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      try {
        for (const NamedTensor& one : read(bytes)) {
          if (one.tensor.type == ElementType::float32) (void)to_float32(one.tensor);
        }
      } catch (const Error&) {
      }
    }
    EXPECT_THROW((void)read(sound.substr(0, i)), Error) << i;
  }
}

}  // namespace
}  // namespace bertrt::archive
