#include "engine/module_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/shared_object.h"
#include "error_matchers.h"

namespace bertrt::engine {
namespace {

class ModuleSearch : public ::testing::Test {
 protected:
  ~ModuleSearch() override { unsetenv("BERTRT_MODULE_PATH"); }
};

TEST_F(ModuleSearch, TheCallersFolderThenTheEnvironmentsThenBesideTheCode) {
  setenv("BERTRT_MODULE_PATH", "/one:/two/three", 1);
  const auto found = module_candidates("m.so", "/given");
  ASSERT_GE(found.size(), 5U);
  EXPECT_EQ(found[0], "/given/m.so");
  EXPECT_EQ(found[1], "/one/m.so");
  EXPECT_EQ(found[2], "/two/three/m.so");
  const std::filesystem::path own = base::own_file().parent_path();
  EXPECT_EQ(found[3], own / "bertrt/m.so");
  EXPECT_EQ(found[4], own / "m.so");
}

TEST_F(ModuleSearch, NeverInTheCurrentFolder) {
  unsetenv("BERTRT_MODULE_PATH");
  for (const std::filesystem::path& path : module_candidates("m.so", {})) EXPECT_TRUE(path.is_absolute()) << path;
  for (const char* relative : {"modules", ".", "/one::/two", ":/one"}) {
    setenv("BERTRT_MODULE_PATH", relative, 1);
    EXPECT_EQ(thrown_by([] { module_candidates("m.so", {}); }).code(), ErrorCode::invalid_argument) << relative;
  }
  EXPECT_EQ(thrown_by([] { module_candidates("m.so", "modules"); }).code(), ErrorCode::invalid_argument);
}

TEST(SharedObject, KnowsItsOwnFile) {
  EXPECT_TRUE(std::filesystem::equivalent(base::own_file(), "/proc/self/exe"));
  EXPECT_TRUE(base::is_as_trusted(base::own_file(), base::own_file()));
  EXPECT_FALSE(base::is_as_trusted("/no/such/file", base::own_file()));
}

}  // namespace
}  // namespace bertrt::engine
