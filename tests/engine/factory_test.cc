#include "engine/factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "error_matchers.h"

namespace bertrt::engine {
namespace {

using ::testing::HasSubstr;

class ModuleFolder : public ::testing::Test {
 protected:
  ModuleFolder() { std::filesystem::create_directories(folder_); }
  ~ModuleFolder() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("bertrt-modules-" + std::to_string(std::random_device()()));
};

TEST_F(ModuleFolder, ThePackedEngineIsAlwaysThere) {
  const EngineFactory& packed = factory(EngineKind::packed);
  EXPECT_EQ(packed.kind(), EngineKind::packed);
  EXPECT_NE(packed.identity(DType::fp32), packed.identity(DType::int8));
}

TEST_F(ModuleFolder, AutomaticIsNoKindOfEngine) {
  EXPECT_EQ(thrown_by([] { factory(EngineKind::automatic); }).code(), ErrorCode::invalid_argument);
}

// This program lies in no folder where an install puts modules.
TEST_F(ModuleFolder, AModuleThatIsNotThereIsAnErrorThatSaysWhatToDo) {
  unsetenv("BERTRT_MODULE_PATH");
  const Error error = thrown_by([&] { factory(EngineKind::torchscript, folder_); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.expected(), HasSubstr("BERTRT_TORCHSCRIPT"));
  EXPECT_THAT(error.expected(), HasSubstr("BERTRT_MODULE_PATH"));
  EXPECT_THAT(error.found(), HasSubstr(folder_.string()));
}

TEST_F(ModuleFolder, SomethingElseUnderTheModulesNameIsAnError) {
  std::ofstream(folder_ / "libbertrt_torchscript.so") << "no library";
  const Error error = thrown_by([&] { factory(EngineKind::torchscript, folder_); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.where(), HasSubstr("libbertrt_torchscript.so"));
}

}  // namespace
}  // namespace bertrt::engine
