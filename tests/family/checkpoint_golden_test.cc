#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "family/golden_checkpoint.h"

namespace bertrt::family::test {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(BERTRT_TEST_DATA) / "checkpoints")) {
    if (entry.is_directory()) found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class CheckpointGolden : public testing::TestWithParam<std::string> {};

TEST_P(CheckpointGolden, EveryLayerAndHeadIsHuggingFaces) {
  const Distance distance = distance_to_golden(std::filesystem::path(BERTRT_TEST_DATA) / "checkpoints" / GetParam());
  EXPECT_GT(distance.values, 1000U);
  EXPECT_LE(distance.hidden, 1e-5F);
  EXPECT_LE(distance.logits, 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(Folders, CheckpointGolden, testing::ValuesIn(names()), [](const auto& name) {
  std::string text = name.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST(CheckpointGolden, ThereIsAFolderOfEachFamily) { EXPECT_GE(names().size(), 27U); }

}  // namespace
}  // namespace bertrt::family::test
