#include "archive/tensor_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "archive/test_zip.h"
#include "error_matchers.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;

class TensorFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("tensor_files_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  // A file with one number of each name.
  void write_weights(const std::string& file, const std::vector<std::string>& names) const {
    std::string header = "{";
    for (std::size_t i = 0; i < names.size(); ++i) {
      header += (i == 0 ? "\"" : ",\"") + names[i] + R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" +
                std::to_string(4 * i) + "," + std::to_string(4 * i + 4) + "]}";
    }
    header += "}";
    std::string bytes;
    test::put(bytes, header.size(), 8);
    write(file, bytes + header + std::string(4 * names.size(), '\0'));
  }
  Error refused() const {
    return thrown_by([&] { (void)TensorFiles::read(folder_); });
  }

  std::filesystem::path folder_;
};

TEST_F(TensorFilesTest, OneFile) {
  write_weights("model.safetensors", {"a", "b"});
  const TensorFiles files = TensorFiles::read(folder_);
  EXPECT_EQ(files.tensors().size(), 2U);
  EXPECT_NE(files.find("a"), nullptr);
  EXPECT_EQ(files.find("c"), nullptr);
}

TEST_F(TensorFilesTest, Shards) {
  write_weights("m-1.safetensors", {"a", "b"});
  write_weights("m-2.safetensors", {"c"});
  write(
      "model.safetensors.index.json",
      R"({"metadata":{"total_size":12},"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}})");
  EXPECT_EQ(TensorFiles::read(folder_).tensors().size(), 3U);
}

TEST_F(TensorFilesTest, AShardThatIsNotThere) {
  write("model.safetensors.index.json", R"({"weight_map":{"a":"m-1.safetensors"}})");
  EXPECT_EQ(refused().code(), ErrorCode::file_not_found);
}

TEST_F(TensorFilesTest, AnIndexMayNotLeaveTheFolder) {
  write_weights("m.safetensors", {"a"});
  for (const char* name : {"../m.safetensors", "/m.safetensors", "x/m.safetensors", "..", "", "C:m.safetensors",
                           "x\\\\m.safetensors", "m.safetensors\\u0000x.safetensors", "config.json"}) {
    write("model.safetensors.index.json", std::string(R"({"weight_map":{"a":")") + name + "\"}}");
    EXPECT_THAT(refused().what(), HasSubstr("a file of this folder")) << name;
  }
}

TEST_F(TensorFilesTest, ShardsHoldWhatTheIndexSays) {
  write_weights("m.safetensors", {"a", "more"});
  write("model.safetensors.index.json", R"({"weight_map":{"a":"m.safetensors"}})");
  EXPECT_THAT(refused().what(), HasSubstr("more, too"));
  write("model.safetensors.index.json",
        R"({"weight_map":{"a":"m.safetensors","more":"m.safetensors","less":"m.safetensors"}})");
  EXPECT_THAT(refused().what(), HasSubstr("less"));
}

TEST_F(TensorFilesTest, OtherWeightsAreNamed) {
  EXPECT_EQ(refused().code(), ErrorCode::file_not_found);
  write("tf_model.h5", "x");
  EXPECT_THAT(refused().what(), HasSubstr("tf_model.h5 alone"));
}

TEST_F(TensorFilesTest, WeightsUnderOtherNamesAreNamed) {
  write("training_args.bin", "x");
  EXPECT_THAT(refused().what(), HasSubstr("none of them"));
  write("model.fp16.safetensors", "x");
  EXPECT_THAT(refused().what(), HasSubstr("model.fp16.safetensors, which is not read under this name"));
  write("adapter_model.safetensors", "x");
  EXPECT_THAT(refused().what(), HasSubstr("adapter_model.safetensors and 1 more, which is an adapter"));
  EXPECT_EQ(refused().code(), ErrorCode::file_not_found);
}

}  // namespace
}  // namespace bertrt::archive
