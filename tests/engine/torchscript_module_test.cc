// libtorch is a price that those pay who ask for it: one test, because what is mapped stays mapped.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "bertrt/session.h"

namespace bertrt {
namespace {

bool is_mapped(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  EXPECT_TRUE(maps.is_open());
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) != std::string::npos) return true;
  }
  return false;
}

TEST(TorchscriptModule, IsOpenedWhenItIsAskedForAndNotBefore) {
  const std::filesystem::path demo = std::filesystem::path(BERTRT_MODELS) / "demo.pt";
  const BertSession packed = BertSession::load(demo);
  const Encoding text = packed.tokenizer().encode("A text.");
  const EncoderOutput expected = packed.run(text);
  EXPECT_FALSE(is_mapped("libtorch"));
  EXPECT_FALSE(is_mapped("libc10"));

  const BertSession reference = BertSession::load(demo, {.engine = EngineKind::torchscript});
  EXPECT_TRUE(is_mapped("libbertrt_torchscript"));
  EXPECT_TRUE(is_mapped("libtorch"));
  const EncoderOutput found = reference.run(text);
  for (std::size_t i = 0; i < expected.last_hidden_state().data().size(); ++i) {
    ASSERT_NEAR(found.last_hidden_state().data()[i], expected.last_hidden_state().data()[i], 1e-5);
  }
}

}  // namespace
}  // namespace bertrt
