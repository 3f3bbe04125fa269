#include "archive/stored_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kProto = "\x80\x02";

// The pickle of a tensor, each number free to lie.
struct Tensor {
  std::string key = "0";
  std::vector<std::int64_t> shape = {2, 3};
  std::vector<std::int64_t> strides = {3, 1};
  std::int64_t offset = 0;
  std::int64_t elements = 6;
  std::string storage = "FloatStorage";
  std::string bits = {};  // behind the hooks
};

std::string text(std::string_view value) {
  std::string out(1, 'X');
  test::put(out, value.size(), 4);
  return out.append(value);
}

std::string number(std::int64_t value) {
  std::string out = "\x8a\x08";
  test::put(out, static_cast<std::uint64_t>(value), 8);
  return out;
}

std::string numbers(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const std::int64_t value : values) out += number(value);
  return out + "t";
}

std::string pickled(const Tensor& tensor) {
  const std::string storage = std::string("(") + text("storage") + "ctorch\n" + tensor.storage + "\n" +
                              text(tensor.key) + text("cpu") + number(tensor.elements) + "tQ";
  return std::string("ctorch._utils\n_rebuild_tensor_v2\n(") + storage + number(tensor.offset) + numbers(tensor.shape) +
         numbers(tensor.strides) + "\x89" + "ccollections\nOrderedDict\n)R" + tensor.bits + "tR";
}

// Reads the tensor out of an archive whose entry data/0 has `bytes` bytes.
std::string error_of(const Tensor& tensor, std::size_t bytes = 24) {
  const std::string zip = test::make_archive({{"data/0", std::string(bytes, 'x')}});
  const std::string pickle_bytes = kProto + pickled(tensor) + ".";
  try {
    Archive archive(test::bytes_of(zip), "file");
    const Pickle pickle(test::bytes_of(pickle_bytes), "p");
    (void)read_tensor(pickle.root(), archive, "data/", "file: weight");
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), tensor.bits.empty() ? ErrorCode::invalid_format : ErrorCode::unsupported);
    return error.what();
  }
}

TEST(StoredTensor, IsAViewOfItsEntry) {
  const std::string zip = test::make_archive({{"data/0", std::string(24, 'x')}});
  Archive archive(test::bytes_of(zip), "file");
  const std::string bytes = kProto + pickled({.shape = {3}, .strides = {2}, .offset = 1}) + ".";
  const Pickle pickle(test::bytes_of(bytes), "p");
  const auto view = read_tensor(pickle.root(), archive, "data/", "file: weight");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->type, ElementType::float32);
  EXPECT_THAT(view->shape, ElementsAre(3));
  EXPECT_THAT(view->strides, ElementsAre(2));
  EXPECT_EQ(view->storage_offset, 1);
  EXPECT_EQ(view->storage.size(), 24U);
  EXPECT_EQ(view->storage_key, "0");
  EXPECT_EQ(describe_tensor(pickle.root(), "p").device, "cpu");
}

// x.conj().imag is a view whose numbers stand for their negatives.
TEST(StoredTensor, WhatIsToBeDoneToItsNumbersIsNotLeftUndone) {
  EXPECT_EQ(error_of({.bits = "}"}), "no error");
  EXPECT_EQ(error_of({.bits = "N"}), "no error");
  EXPECT_THAT(error_of({.bits = "}(" + text("neg") + "\x88u"}), HasSubstr("neg bit"));
  EXPECT_THAT(error_of({.bits = "}(" + text("conj") + "\x88u"}), HasSubstr("something else"));
  EXPECT_THAT(error_of({.bits = text("neg")}), HasSubstr("something else"));
}

TEST(StoredTensor, TheEntryHasTheBytesThatThePickleSays) {
  EXPECT_EQ(error_of({}), "no error");
  EXPECT_THAT(error_of({.elements = 600000000}), HasSubstr("600000000 elements"));
  EXPECT_THAT(error_of({.elements = 5}), HasSubstr("24 bytes"));
  EXPECT_THAT(error_of({}, 25), HasSubstr("25 bytes"));
  EXPECT_THAT(error_of({.elements = std::int64_t{1} << 62}), HasSubstr("24 bytes"));
  EXPECT_THAT(error_of({.elements = -6}), HasSubstr("from 0"));
  EXPECT_THAT(error_of({.storage = "DoubleStorage"}), HasSubstr("of 8 bytes"));
  EXPECT_EQ(error_of({.elements = 3, .storage = "ComplexFloatStorage"}), "no error");
  EXPECT_THAT(error_of({.storage = "ComplexFloatStorage"}), HasSubstr("of 8 bytes"));
  EXPECT_THAT(error_of({.storage = "EvilStorage"}), HasSubstr("EvilStorage"));
  EXPECT_EQ(error_of({.storage = "Float8_e4m3fnStorage"}, 6), "no error");
  EXPECT_THAT(error_of({.key = "1"}), HasSubstr("an entry data/1"));
  EXPECT_THAT(error_of({.key = "../code/x.py"}), HasSubstr("an entry"));
}

TEST(StoredTensor, TheViewLiesInside) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  EXPECT_THAT(error_of({.shape = {7}, .strides = {1}}), HasSubstr("outside"));
  EXPECT_THAT(error_of({.shape = {kHuge}, .strides = {1}}), HasSubstr("more elements"));
  EXPECT_THAT(error_of({.shape = {std::int64_t{1} << 32, std::int64_t{1} << 32}, .strides = {1, 1}}),
              HasSubstr("more elements"));
  EXPECT_THAT(error_of({.shape = {0, kHuge}, .strides = {1, 1}}), HasSubstr("more elements"));
  EXPECT_THAT(error_of({.shape = {-1}, .strides = {1}}), HasSubstr("negative size"));
  EXPECT_THAT(error_of({.shape = {2}, .strides = {-1}}), HasSubstr("negative stride"));
  EXPECT_THAT(error_of({.shape = {2}, .strides = {kHuge}}), HasSubstr("stride"));
  EXPECT_THAT(error_of({.shape = {2, 2}, .strides = {1}}), HasSubstr("stride for each axis"));
  EXPECT_THAT(error_of({.offset = -5}), HasSubstr("from 0"));
  EXPECT_THAT(error_of({.offset = 1}), HasSubstr("outside"));
  EXPECT_THAT(error_of({.shape = std::vector<std::int64_t>(65, 1), .strides = std::vector<std::int64_t>(65, 1)}),
              HasSubstr("65"));
  EXPECT_EQ(error_of({.shape = std::vector<std::int64_t>(64, 1), .strides = std::vector<std::int64_t>(64, 1)}),
            "no error");
  EXPECT_THAT(error_of({.shape = {std::int64_t{1} << 33}, .strides = {0}}), HasSubstr("far more"));
}

TEST(StoredTensor, OtherThingsAreNoTensors) {
  const std::string zip = test::make_archive({});
  Archive archive(test::bytes_of(zip), "file");
  for (const std::string& bytes : std::vector<std::string>{"N", ")", "ctorch._utils\n_rebuild_tensor_v2\n)R",
                                                           "ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR",
                                                           "ctorch._utils\n_rebuild_tensor_v2\n()QK\x01))tR"}) {
    const std::string whole = kProto + bytes + ".";
    const Pickle pickle(test::bytes_of(whole), "p");
    EXPECT_THROW((void)read_tensor(pickle.root(), archive, "data/", "p"), Error) << bytes;
  }
}

TEST(StoredTensor, EveryTensorIsCheckedWhereverItStands) {
  const std::string zip = test::make_archive({{"data/0", std::string(24, 'x')}});
  Archive archive(test::bytes_of(zip), "file");
  const auto check = [&](const std::string& inner) {
    const std::string bytes = kProto + inner + ".";
    const Pickle pickle(test::bytes_of(bytes), "p");
    check_tensors(pickle, archive, "data/", "p");
  };
  const std::string good = pickled({});
  const std::string lie = pickled({.elements = 7});
  EXPECT_NO_THROW(check(std::string("](") + good + good + "e"));
  EXPECT_THROW(check(std::string("](") + good + lie + "e"), Error);
  EXPECT_THROW(check(std::string("}(") + text("k") + lie + "u"), Error);
  EXPECT_THROW(check(std::string("(") + lie + "t\x85"), Error);
}

}  // namespace
}  // namespace bertrt::archive
