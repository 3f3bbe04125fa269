#include "archive/state_dict.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "archive/test_zip.h"
#include "error_matchers.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string text(std::string_view value) {
  std::string bytes = "X";
  test::put(bytes, value.size(), 4);
  return bytes.append(value);
}

constexpr std::string_view kOrderedDict = "ccollections\nOrderedDict\n)R";

// What torch.save pickles of a tensor with `count` numbers in storage "0".
std::string tensor(char count) {
  const std::string n = {'K', count};
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
         text("cpu") + n + "tQK\0"s + n + "\x85K\x01\x85\x89" + std::string(kOrderedDict) + "tR";
}

std::string weights(const std::string& pickle, std::size_t stored = 2) {
  return test::make_zip({{.name = "archive/data.pkl", .content = "\x80\x02" + pickle + "."},
                         {.name = "archive/byteorder", .content = "little"},
                         {.name = "archive/data/0", .content = std::string(4 * stored, '\1')},
                         {.name = "archive/version", .content = "3\n"}});
}

Error refused(const std::string& bytes) {
  return thrown_by([&] { (void)read_state_dict(test::bytes_of(bytes), "test.bin"); });
}

TEST(StateDict, TensorsByNames) {
  // Two names of one storage, a parameter among them, and the dict's own attribute.
  const std::string pickle = std::string(kOrderedDict) + "(" + text("a") + tensor(2) + text("b") +
                             "ctorch._utils\n_rebuild_parameter\n(" + tensor(2) + "\x88" + std::string(kOrderedDict) +
                             "tRu}" + text("_metadata") + "}sb";
  const std::string bytes = weights(pickle);
  const StateDict read = read_state_dict(test::bytes_of(bytes), "test.bin");
  ASSERT_EQ(read.tensors.size(), 2U);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_EQ(read.tensors[1].name, "b");
  EXPECT_EQ(read.tensors[0].tensor.shape, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(read.tensors[0].tensor.storage.data(), read.tensors[1].tensor.storage.data());
}

TEST(StateDict, NothingIsCalled) {
  for (const char* name :
       {"os\nsystem", "posix\nsystem", "builtins\neval", "torch.storage\n_load_from_bytes", "torch\nload"}) {
    const std::string call = "}" + text("a") + "c" + name + "\n" + text("touch x") + "\x85Rs";
    EXPECT_EQ(refused(weights(call)).code(), ErrorCode::invalid_format) << name;
  }
}

// torch 1.5 and before.
TEST(StateDict, OldFiles) {
  const auto read_file = [](const char* name) {
    std::ifstream file(std::filesystem::path(BERTRT_TEST_DATA) / "archive" / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string old = read_file("state_dict_old.pt");
  const std::string today = read_file("state_dict.pt");
  const StateDict a = read_state_dict(test::bytes_of(old), "old.bin");
  const StateDict b = read_state_dict(test::bytes_of(today), "today.bin");
  ASSERT_EQ(a.tensors.size(), 2U);
  ASSERT_EQ(b.tensors.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].tensor.shape, b.tensors[i].tensor.shape);
    EXPECT_EQ(to_float32(a.tensors[i].tensor), to_float32(b.tensors[i].tensor));
  }
  for (std::size_t size = 0; size < old.size(); ++size) {
    EXPECT_EQ(refused(old.substr(0, size)).code(), ErrorCode::invalid_format) << size;
  }
  EXPECT_THAT(refused(old + "x").what(), HasSubstr("1 more bytes"));
  // The storages: one of 16 numbers behind the other of 4, each with its count in front.
  std::string other = old;
  const std::string count = {'\x10', 0, 0, 0, 0, 0, 0, 0};
  const std::size_t at = old.rfind(count);
  ASSERT_NE(at, std::string::npos);
  other[at] = '\x11';
  EXPECT_THAT(refused(other).what(), HasSubstr("16 elements, as the pickle says"));
  other[at + 7] = '\xff';
  EXPECT_EQ(refused(other).code(), ErrorCode::invalid_format);
  other = old;
  const std::size_t little = other.find("little_endian");
  ASSERT_NE(little, std::string::npos);
  other[other.find('\x88', little)] = '\x89';
  EXPECT_THAT(refused(other).what(), HasSubstr("little-endian"));
}

// Any byte of an old file may be another one.
TEST(StateDict, SpoiltOldFilesAreReadOrRefused) {
  std::ifstream file(std::filesystem::path(BERTRT_TEST_DATA) / "archive" / "state_dict_old.pt", std::ios::binary);
  const std::string old(std::istreambuf_iterator<char>(file), {});
  for (std::size_t at = 0; at < old.size(); ++at) {
    for (const int change : {1, 0x80, 0xff}) {
      std::string other = old;
      other[at] = static_cast<char>(other[at] ^ change);
      try {
        for (const NamedTensor& one : read_state_dict(test::bytes_of(other), "test.bin").tensors) {
          (void)to_float32(one.tensor);
        }
      } catch (const Error&) {
      }
    }
  }
}

// Names as Python 2 pickled them, a tensor as torch 0.3 did, and a parameter with attributes.
TEST(StateDict, OlderNamesOfTheSame) {
  const std::string arguments = tensor(2);
  const std::string first =
      "ctorch._utils\n_rebuild_tensor\n" + arguments.substr(std::string("ctorch._utils\n_rebuild_tensor_v2\n").size());
  const std::string with_state =
      "ctorch._utils\n_rebuild_parameter_with_state\n(" + tensor(2) + "\x88" + std::string(kOrderedDict) + "}tR";
  const std::string bytes = weights(
      "}(U\x01"
      "a"s +
      first +
      "U\x01"
      "b"s +
      with_state + "u");
  const StateDict read = read_state_dict(test::bytes_of(bytes), "test.bin");
  ASSERT_EQ(read.tensors.size(), 2U);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_EQ(read.tensors[1].tensor.shape, (std::vector<std::int64_t>{2}));
}

TEST(StateDict, WhatIsNoTensorIsPassedOver) {
  const std::string bytes = weights("}(" + text("config") + "}" + text("a") + tensor(2) + text("epoch") + "K\x07u");
  const StateDict read = read_state_dict(test::bytes_of(bytes), "test.bin");
  ASSERT_EQ(read.tensors.size(), 1U);
  EXPECT_EQ(read.tensors[0].name, "a");
}

TEST(StateDict, OnlyTensors) {
  EXPECT_THAT(refused(weights("}" + text("epoch") + "K\x07s")).what(), HasSubstr("epoch"));
  EXPECT_THAT(refused(weights("}" + text("model") + "}s")).what(), HasSubstr("not a training checkpoint"));
  EXPECT_THAT(refused(weights("]")).what(), HasSubstr("tensors by names"));
  EXPECT_THAT(refused(weights("}K\x01" + tensor(2) + "s")).what(), HasSubstr("texts as names"));
  EXPECT_THAT(refused(weights("}(" + text("a") + tensor(2) + text("a") + tensor(2) + "u")).what(), HasSubstr("once"));
}

TEST(StateDict, StoragesAreAsLongAsThePickleSays) {
  EXPECT_THAT(refused(weights("}" + text("a") + tensor(2) + "s", 3)).what(), HasSubstr("a: expected a storage of 2"));
  EXPECT_THAT(refused(weights("}" + text("a") + tensor(2) + "s", 1)).what(), HasSubstr("a: expected a storage of 2"));
}

TEST(StateDict, OtherFilesAreNamed) {
  EXPECT_THAT(refused("").what(), HasSubstr("empty"));
  EXPECT_THAT(refused("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"s).what(), HasSubstr("old torch.save"));
  EXPECT_THAT(refused(test::make_zip({{.name = "a/data.pkl", .content = "\x80\x02}."},
                                      {.name = "a/constants.pkl", .content = "\x80\x02)."}}))
                  .what(),
              HasSubstr("a TorchScript model"));
  EXPECT_THAT(refused(test::make_zip({{.name = "a/b", .content = "x"}})).what(), HasSubstr("data.pkl"));
}

}  // namespace
}  // namespace bertrt::archive
