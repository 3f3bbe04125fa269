#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "archive/test_zip.h"
#include "bertrt/error.h"
#include "model/model_file.h"
#include "model/report.h"

namespace bertrt::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Failure {
  ErrorCode code = ErrorCode::runtime;
  std::string message = "no error";
};

Failure failure_of(const std::filesystem::path& path) {
  try {
    (void)ModelFile::open(path);
    return {};
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
}

std::string view_error(std::string_view bytes) {
  try {
    (void)ModelFile::view(archive::test::bytes_of(bytes), "file");
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_format);
    return error.what();
  }
}

TEST(BadFiles, NoFile) {
  const Failure failure = failure_of("no/such/model.pt");
  EXPECT_EQ(failure.code, ErrorCode::file_not_found);
  EXPECT_THAT(failure.message, HasSubstr("no/such/model.pt"));
  EXPECT_THROW((void)ModelFile::open("no/such/model.pt"), Error);
}

TEST(BadFiles, ADirectory) {
  const Failure failure = failure_of(archive::test::data("archive"));
  EXPECT_EQ(failure.code, ErrorCode::io);
  EXPECT_THAT(failure.message, HasSubstr("a directory"));
}

TEST(BadFiles, OtherFormatsAreNamed) {
  EXPECT_THAT(view_error(""), HasSubstr("an empty file"));
  EXPECT_THAT(view_error("some text"), HasSubstr("no zip archive"));
  EXPECT_THAT(view_error("<!DOCTYPE html>"), HasSubstr("web page"));
  EXPECT_THAT(view_error("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(view_error(archive::test::make_zip({})), HasSubstr("empty zip"));
  EXPECT_THAT(view_error(archive::test::make_zip({{"a/b", "c"}})), HasSubstr("without data.pkl"));
  EXPECT_THAT(view_error(archive::test::make_zip({{"m/model.json", "{}"}})), HasSubstr("torch 1.1 or older"));
}

TEST(BadFiles, FilesOfOtherToolsSayWhatToDo) {
  const auto expect = [](const char* name, const char* what) {
    const Failure failure = failure_of(archive::test::data(name));
    EXPECT_EQ(failure.code, ErrorCode::invalid_format) << name;
    EXPECT_THAT(failure.message, AllOf(HasSubstr(name), HasSubstr(what), HasSubstr("torch.jit.save")));
  };
  expect("archive/state_dict.pt", "a PyTorch state_dict or object saved by torch.save");
  expect("archive/state_dict_old.pt", "a pickle saved by an old torch.save");
  expect("archive/weights.safetensors", "a safetensors file");
  expect("archive/model.onnx", "an ONNX model");
  expect("traces/exported.pt2", "torch.export.save");
}

// Opens, touches every byte that a user could reach, and inspects. Anything but an Error is a bug.
void use(std::string_view bytes) {
  try {
    const auto file = ModelFile::view(archive::test::bytes_of(bytes), "file");
    float sum = 0;
    for (const Parameter& parameter : file->parameters()) {
      if (parameter.tensor.type > archive::ElementType::float64) continue;
      for (const float value : archive::to_float32(parameter.tensor)) sum += value;
    }
    volatile float sink = sum;
    (void)sink;
    (void)report_of(*ModelFile::view(archive::test::bytes_of(bytes), "bytes"));
  } catch (const Error&) {
  }
}

class DamageTest : public testing::TestWithParam<const char*> {
 protected:
  std::string bytes_ = archive::test::read_file(archive::test::data(GetParam()));
};

TEST_P(DamageTest, ATruncatedFileIsAnError) {
  for (std::size_t cut = 0; cut < 50; ++cut) {
    // A copy of exactly this size, so that a sanitizer sees a read behind its end.
    const std::string shorter(bytes_, 0, bytes_.size() * cut / 50);
    EXPECT_THROW((void)ModelFile::view(archive::test::bytes_of(shorter), "file"), Error) << cut;
  }
}

TEST_P(DamageTest, AFlippedByteIsAnErrorOrHarmless) {
  const std::size_t step = bytes_.size() / 400 + 1;
  for (std::size_t i = 0; i < bytes_.size(); i += step) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string bent = bytes_;
      bent[i] = static_cast<char>(bent[i] ^ flip);
      use(bent);
    }
  }
}

TEST_P(DamageTest, ManyFlippedBytesAreAnErrorOrHarmless) {
  std::mt19937 random(5);
  for (int round = 0; round < 150; ++round) {
    std::string bent = bytes_;
    for (int i = 0; i < 8; ++i) bent[random() % bent.size()] = static_cast<char>(random());
    use(bent);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DamageTest,
                         testing::Values("archive/small.pt", "archive/everything.pt", "archive/deflated.pt",
                                         "archive/zip64.pt"),
                         [](const auto& param) {
                           const std::filesystem::path path(param.param);
                           return path.stem().string();
                         });

}  // namespace
}  // namespace bertrt::model
