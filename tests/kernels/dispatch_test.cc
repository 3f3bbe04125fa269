// Which kernels a machine gets, and what BERTRT_MAX_ISA may say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "bertrt/error.h"
#include "kernels/isa/kernels.h"

namespace bertrt::kernels {
namespace {

std::string describe(const isa::Kernels& kernels) {
  return std::string(kernels.target) + " " + kernels.int8.name + " " + kernels.bf16.name;
}

TEST(PackedKernelsChoice, TheBestIsTheLastOfAllUnlessLimited) {
  ASSERT_FALSE(isa::all().empty());
  EXPECT_EQ(describe(isa::at_most("scalar")), describe(isa::all().front()));
  if (std::getenv("BERTRT_MAX_ISA") == nullptr) {
    EXPECT_EQ(describe(isa::best()), describe(isa::all().back()));
  }
}

TEST(PackedKernelsChoice, KnowsHighwaysNamesToo) {
  const auto same = [](const char* a, const char* b) {
    EXPECT_EQ(describe(isa::at_most(a)), describe(isa::at_most(b))) << a << ", " << b;
  };
  same("SCALAR", "scalar");
  same("Emu128", "scalar");
#if defined(__x86_64__) || defined(_M_X64)
  same("SSE2", "sse2");
  same("SSSE3", "ssse3");
  same("SSE4", "sse4");
  same("AVX2", "avx2");
  same("AVX3", "avx512");
  same("AVX3_DL", "avx512vnni");
  same("AVX3_ZEN4", "avx512bf16");
  same("avx3_spr", "AVX512BF16");
  EXPECT_EQ(describe(isa::at_most("amx")), describe(isa::all().back()));
#endif
}

TEST(PackedKernelsChoice, RefusesAnotherName) {
  for (const char* name : {"avx1024", "avx", "avx22", " avx2", "native"}) {
    try {
      isa::at_most(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_EQ(error.where(), "BERTRT_MAX_ISA");
      EXPECT_THAT(error.expected(), testing::HasSubstr("scalar")) << name;
    }
  }
}

}  // namespace
}  // namespace bertrt::kernels
