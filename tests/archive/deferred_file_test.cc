#include "archive/deferred_file.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "archive/safetensors.h"
#include "archive/tensor.h"
#include "archive/test_zip.h"
#include "error_matchers.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;

class DeferredFileTest : public testing::Test {
 protected:
  DeferredFileTest()
      : path_(std::filesystem::path(testing::TempDir()) / ("deferred_" + std::to_string(std::random_device{}()))) {}
  ~DeferredFileTest() override { std::filesystem::remove(path_); }

  void write(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }
  static std::string read(const DeferredFile& file, std::size_t at, std::size_t count) {
    std::string text(count, '?');
    file.read(file.addresses().data() + at, std::as_writable_bytes(std::span(text)));
    return text;
  }

  std::filesystem::path path_;
};

TEST_F(DeferredFileTest, GivesAnyRange) {
  write("0123456789");
  const DeferredFile file(path_);
  EXPECT_EQ(file.addresses().size(), 10U);
  EXPECT_EQ(read(file, 0, 10), "0123456789");
  EXPECT_EQ(read(file, 3, 4), "3456");
  EXPECT_EQ(read(file, 10, 0), "");
}

TEST_F(DeferredFileTest, NothingBehindTheEnd) {
  write("0123456789");
  const DeferredFile file(path_);
  EXPECT_EQ(thrown_by([&] { read(file, 8, 3); }).code(), ErrorCode::io);
  EXPECT_EQ(thrown_by([&] { read(file, 11, 0); }).code(), ErrorCode::io);
}

// What a mapping would answer with a signal.
TEST_F(DeferredFileTest, AFileThatIsCutMeanwhileIsAnError) {
  write(std::string(100000, 'x'));
  const DeferredFile file(path_);
  std::filesystem::resize_file(path_, 5000);
  EXPECT_EQ(read(file, 0, 5000), std::string(5000, 'x'));
  EXPECT_THAT(thrown_by([&] { read(file, 4000, 2000); }).what(), HasSubstr("the end after 5000"));
}

TEST_F(DeferredFileTest, OnlyPlainFiles) {
  EXPECT_EQ(thrown_by([&] { const DeferredFile file(path_); }).code(), ErrorCode::file_not_found);
  EXPECT_EQ(thrown_by([&] { const DeferredFile file(path_.parent_path()); }).code(), ErrorCode::io);
  write("");
  EXPECT_TRUE(DeferredFile(path_).addresses().empty());
}

TEST_F(DeferredFileTest, TouchingAnAddressEndsTheProcess) {
  write("0123456789");
  const DeferredFile file(path_);
  const volatile std::byte* const at = file.addresses().data();
  EXPECT_DEATH((void)*at, "");
}

// Numbers of every kind, read at once and read when they are wanted.
TEST_F(DeferredFileTest, TensorsAreTheSameAsOfAFileInMemory) {
  constexpr std::size_t kRows = 700;  // of 64: the halves do not fit into one piece
  std::string header;
  std::size_t end = 0;
  for (const auto& [dtype, size] : {std::pair("F16", 2), {"BF16", 2}, {"F64", 8}, {"F32", 4}}) {
    const std::size_t bytes = kRows * 64 * static_cast<std::size_t>(size);
    header += std::string(header.empty() ? "{" : ",") + "\"" + dtype + R"(":{"dtype":")" + dtype +
              R"(","shape":[700,64],"data_offsets":[)" + std::to_string(end) + "," + std::to_string(end + bytes) + "]}";
    end += bytes;
  }
  header += "}";
  std::string content;
  test::put(content, header.size(), 8);
  content += header;
  std::mt19937 random(3);
  for (std::size_t i = 0; i < end; ++i) content.push_back(static_cast<char>(random() & 0x3FU));  // no NaN
  write(content);

  const DeferredFile file(path_);
  const std::vector<NamedTensor> left = read_safetensors(file, file.addresses(), "w");
  const std::vector<NamedTensor> read = read_safetensors(test::bytes_of(content), "w");
  ASSERT_EQ(left.size(), 4U);
  for (std::size_t i = 0; i < left.size(); ++i) {
    const TensorView& a = left[i].tensor;
    const TensorView& b = read[i].tensor;
    EXPECT_EQ(left[i].name, read[i].name);
    ASSERT_EQ(a.unread, &file);
    EXPECT_EQ(to_float32(a), to_float32(b)) << left[i].name;
    EXPECT_EQ(to_float32(rows_of(a, 5, 9)), to_float32(rows_of(b, 5, 9))) << left[i].name;
    TensorView a_turned = a;
    TensorView b_turned = b;
    for (TensorView* turned : {&a_turned, &b_turned}) {
      std::swap(turned->shape[0], turned->shape[1]);
      std::swap(turned->strides[0], turned->strides[1]);
    }
    EXPECT_EQ(to_float32(a_turned), to_float32(b_turned)) << left[i].name;
    std::vector<std::byte> stored(a.storage.size());
    bytes_of(a, stored);
    EXPECT_TRUE(std::equal(stored.begin(), stored.end(), b.storage.begin())) << left[i].name;
    EXPECT_TRUE(same_storage_bytes(a, b));
  }
  EXPECT_FALSE(same_storage_bytes(left[0].tensor, read[1].tensor));  // of one size
  EXPECT_FALSE(same_storage_bytes(left[2].tensor, left[3].tensor));
}

TEST_F(DeferredFileTest, AHeaderThatReachesBehindTheFileIsRefused) {
  for (const std::string& content :
       {std::string("abc"), std::string(8, '\xff'), std::string("\x09\0\0\0\0\0\0\0{}", 10),
        std::string("\x02\0\0\0\0\0\0\0[]", 10), std::string(8, '\0')}) {
    write(content);
    const DeferredFile file(path_);
    EXPECT_EQ(thrown_by([&] { (void)read_safetensors(file, file.addresses(), "w"); }).code(),
              ErrorCode::invalid_format);
    EXPECT_EQ(thrown_by([&] { (void)read_safetensors(test::bytes_of(content), "w"); }).code(),
              ErrorCode::invalid_format);
  }
}

}  // namespace
}  // namespace bertrt::archive
