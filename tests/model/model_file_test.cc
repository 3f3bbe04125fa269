#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The same module as torch writes it, deflated, and with zip64 records.
class EverythingTest : public testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<const ModelFile> file_ = ModelFile::open(archive::test::data(std::string("archive/") + GetParam()));
};

TEST_P(EverythingTest, TensorsAreAsPythonSawThem) {
  const auto golden = nlohmann::json::parse(archive::test::read_file(archive::test::data("archive/everything.json")));
  std::size_t seen = 0;
  for (const auto& [name, expected] : golden.items()) {
    const Parameter* parameter = file_->find_parameter(name);
    if (expected["dtype"] == "complex64") {
      EXPECT_EQ(parameter, nullptr);
      continue;
    }
    ASSERT_NE(parameter, nullptr) << name;
    ++seen;
    EXPECT_EQ(to_string(parameter->tensor.type), expected["dtype"].get<std::string>());
    EXPECT_EQ(parameter->tensor.shape, expected["shape"].get<std::vector<std::int64_t>>());
    if (expected["values"].is_null()) continue;
    std::vector<float> values;
    for (const auto& value : expected["values"]) {
      values.push_back(static_cast<float>(std::strtod(value.get<std::string>().c_str(), nullptr)));
    }
    EXPECT_EQ(archive::to_float32(parameter->tensor), values) << name;
  }
  EXPECT_EQ(seen, file_->parameters().size());
}

TEST_P(EverythingTest, TiedWeightsShareTheirStorage) {
  const auto key = [&](std::string_view name) { return file_->find_parameter(name)->tensor.storage_key; };
  EXPECT_EQ(key("plain.weight"), key("tied.weight"));
  EXPECT_NE(key("plain.bias"), key("tied.bias"));
  EXPECT_EQ(file_->find_parameter("plain.weight")->tensor.storage.data(),
            file_->find_parameter("tied.weight")->tensor.storage.data());
  EXPECT_EQ(file_->find_parameter("none"), nullptr);
}

TEST_P(EverythingTest, MethodsModulesAndExtraFiles) {
  ASSERT_EQ(file_->methods().size(), 2U);
  EXPECT_THAT(file_->find_method("forward")->output_keys, ElementsAre("first", "second"));
  EXPECT_EQ(file_->find_method("forward")->inputs[1].type, "float");
  EXPECT_EQ(file_->find_method("pairs")->return_type, "Tuple[Tensor, List[Tensor]]");
  EXPECT_EQ(file_->find_method("none"), nullptr);
  EXPECT_EQ(file_->module_class("plain"), "__torch__.torch.nn.modules.linear.Linear");
  EXPECT_EQ(file_->module_class("none"), "");
  EXPECT_THAT(file_->extra_names(), ElementsAre("bertrt/manifest.json", "notes.txt"));
  EXPECT_EQ(file_->extra("notes.txt"), "hello");
  EXPECT_EQ(file_->extra("none"), std::nullopt);
  ASSERT_TRUE(file_->manifest().has_value());
  EXPECT_EQ(file_->manifest()->architecture, "toy");
  EXPECT_EQ(file_->code().size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Archives, EverythingTest, testing::Values("everything.pt", "deflated.pt", "zip64.pt"),
                         [](const auto& param) {
                           return std::string(param.param).substr(0, std::string(param.param).find('.'));
                         });

TEST(ModelFile, ATraceRecordsItsExampleInputs) {
  const auto file = ModelFile::open(archive::test::data("traces/bert_int32.pt"));
  const Method* forward = file->find_method("forward");
  ASSERT_NE(forward, nullptr);
  ASSERT_EQ(forward->inputs.size(), 3U);
  EXPECT_EQ(forward->inputs[2].name, "token_type_ids");
  EXPECT_EQ(forward->inputs[2].element_type, archive::ElementType::int32);
  EXPECT_THAT(forward->inputs[2].traced_shape, ElementsAre(1, 14));
}

TEST(ModelFile, OldLibrariesTracesAreRead) {
  const auto file = ModelFile::open(archive::test::data("traces/pytorch_pretrained_bert.pt"));
  const Method* forward = file->find_method("forward");
  ASSERT_EQ(forward->inputs.size(), 2U);
  EXPECT_EQ(forward->inputs[1].name, "token_type_ids");
  EXPECT_EQ(forward->return_type, "Tuple[List[Tensor], Tensor]");
}

TEST(ModelFile, AViewReadsTheCallersMemory) {
  const std::string bytes = archive::test::read_file(archive::test::data("archive/everything.pt"));
  const auto file = ModelFile::view(archive::test::bytes_of(bytes), "name");
  EXPECT_EQ(file->name(), "name");
  EXPECT_EQ(file->bytes().data(), archive::test::bytes_of(bytes).data());
  const archive::TensorView& base = file->find_parameter("base")->tensor;
  EXPECT_GE(base.storage.data(), archive::test::bytes_of(bytes).data());
  EXPECT_LT(base.storage.data(), archive::test::bytes_of(bytes).data() + bytes.size());
}

// Plain concatenation of texts that hold any bytes.
std::string cat(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all += part;
  return all;
}

// A module with one float tensor of six elements, described by these pickled numbers.
std::string tensor_archive(const std::string& offset, const std::string& sizes, const std::string& strides,
                           const std::string& type = "FloatStorage", const std::string& key = "0") {
  const std::string zeros(3, '\0');
  const std::string length(1, static_cast<char>(key.size()));
  const std::string pickle =
      cat({"\x80\x02", "c__torch__\nM\n)\x81}X\x01", zeros, "wctorch._utils\n_rebuild_tensor_v2\n((X\x07", zeros,
           "storagectorch\n", type, "\nX", length, zeros, key, "X\x03", zeros, "cpuK\x06tQ", offset, sizes, strides,
           "\x89N", "tRsb."});
  return archive::test::make_archive({{"data.pkl", pickle}, {"data/0", std::string(24, 'x')}});
}

std::string open_error(const std::string& bytes) {
  try {
    (void)ModelFile::view(archive::test::bytes_of(bytes), "file");
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ModelFile, ATensorOutsideOfItsStorageIsAnError) {
  const std::string zero("K\x00", 2);
  EXPECT_EQ(open_error(tensor_archive(zero, "(K\x02K\x03t", "(K\x03K\x01t")), "no error");
  EXPECT_THAT(open_error(tensor_archive("K\x01", "(K\x02K\x03t", "(K\x03K\x01t")),
              AllOf(HasSubstr("data.pkl: w"), HasSubstr("data/0"), HasSubstr("outside")));
  EXPECT_THAT(open_error(tensor_archive(zero, "(K\x02K\x04t", "(K\x04K\x01t")), HasSubstr("outside"));
  EXPECT_THAT(open_error(tensor_archive("J\xff\xff\xff\xff", "(K\x02t", "(K\x01t")), HasSubstr("offset from 0"));
  EXPECT_THAT(open_error(tensor_archive(zero, "(K\x02t", "(K\x01K\x01t")), HasSubstr("stride"));
  EXPECT_THAT(open_error(tensor_archive(zero, "(K\x04t", "(K\x01t", "DoubleStorage")),
              HasSubstr("6 elements of 8 bytes"));
  EXPECT_THAT(open_error(tensor_archive(zero, "(K\x02t", "(K\x01t", "FloatStorage", "7")), HasSubstr("data/7"));
  EXPECT_THAT(open_error(tensor_archive("N", "(K\x02t", "(K\x01t")), HasSubstr("something else"));
}

// A module that holds the next one twice, which holds the next one twice, …: 2^height paths.
std::string module_tower(int height) {
  if (height == 0) return "c__torch__\nM\n)\x81}b";
  const std::string zeros(3, '\0');
  const std::string memo(1, static_cast<char>(height));
  const std::string below = module_tower(height - 1);
  return cat({"c__torch__\nM\n)\x81}(X\x01", zeros, "a", below, "q", memo, "X\x01", zeros, "bh", memo, "ub"});
}

TEST(ModelFile, AModuleThatHoldsItselfEnds) {
  const std::string zeros(3, '\0');
  // self.a = self
  const std::string loop = cat({"\x80\x02", "c__torch__\nM\n)\x81q\x01}X\x01", zeros, "ah\x01sb."});
  EXPECT_THAT(open_error(archive::test::make_archive({{"data.pkl", loop}})), HasSubstr("contain themselves"));
  EXPECT_THAT(open_error(archive::test::make_archive({{"data.pkl", cat({"\x80\x02", module_tower(40), "."})}})),
              HasSubstr("references are followed"));
  EXPECT_THAT(open_error(archive::test::make_archive({{"data.pkl", cat({"\x80\x02", module_tower(17), "."})}})),
              HasSubstr("without end"));
  EXPECT_EQ(open_error(archive::test::make_archive({{"data.pkl", cat({"\x80\x02", module_tower(10), "."})}})),
            "no error");
}

TEST(ModelFile, ABrokenManifestIsAnError) {
  EXPECT_THAT(open_error(archive::test::make_archive({{"extra/bertrt/manifest.json", "{"}})),
              HasSubstr("manifest.json"));
}

}  // namespace
}  // namespace bertrt::model
