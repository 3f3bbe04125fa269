#include "archive/state_dict.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "archive/test_zip.h"
#include "error_matchers.h"

namespace bertrt::archive {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string text(std::string_view value) {
  std::string bytes = "X";
  test::put(bytes, value.size(), 4);
  return bytes.append(value);
}

constexpr std::string_view kOrderedDict = "ccollections\nOrderedDict\n)R";

// What torch.save pickles of a tensor with `count` numbers in storage "0".
std::string tensor(char count) {
  const std::string n = {'K', count};
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
         text("cpu") + n + "tQK\0"s + n + "\x85K\x01\x85\x89" + std::string(kOrderedDict) + "tR";
}

std::string weights(const std::string& pickle, std::size_t stored = 2) {
  return test::make_zip({{.name = "archive/data.pkl", .content = "\x80\x02" + pickle + "."},
                         {.name = "archive/byteorder", .content = "little"},
                         {.name = "archive/data/0", .content = std::string(4 * stored, '\1')},
                         {.name = "archive/version", .content = "3\n"}});
}

Error refused(const std::string& bytes) {
  return thrown_by([&] { (void)read_state_dict(test::bytes_of(bytes), "test.bin"); });
}

TEST(StateDict, TensorsByNames) {
  // Two names of one storage, a parameter among them, and the dict's own attribute.
  const std::string pickle = std::string(kOrderedDict) + "(" + text("a") + tensor(2) + text("b") +
                             "ctorch._utils\n_rebuild_parameter\n(" + tensor(2) + "\x88" + std::string(kOrderedDict) +
                             "tRu}" + text("_metadata") + "}sb";
  const std::string bytes = weights(pickle);
  const StateDict read = read_state_dict(test::bytes_of(bytes), "test.bin");
  ASSERT_EQ(read.tensors.size(), 2U);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_EQ(read.tensors[1].name, "b");
  EXPECT_EQ(read.tensors[0].tensor.shape, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(read.tensors[0].tensor.storage.data(), read.tensors[1].tensor.storage.data());
}

TEST(StateDict, NothingIsCalled) {
  for (const char* name :
       {"os\nsystem", "posix\nsystem", "builtins\neval", "torch.storage\n_load_from_bytes", "torch\nload"}) {
    const std::string call = "}" + text("a") + "c" + name + "\n" + text("touch x") + "\x85Rs";
    EXPECT_EQ(refused(weights(call)).code(), ErrorCode::invalid_format) << name;
  }
}

TEST(StateDict, OnlyTensors) {
  EXPECT_THAT(refused(weights("}" + text("epoch") + "K\x07s")).what(), HasSubstr("epoch"));
  EXPECT_THAT(refused(weights("}" + text("model") + "}s")).what(), HasSubstr("not a training checkpoint"));
  EXPECT_THAT(refused(weights("]")).what(), HasSubstr("tensors by names"));
  EXPECT_THAT(refused(weights("}K\x01" + tensor(2) + "s")).what(), HasSubstr("texts as names"));
  EXPECT_THAT(refused(weights("}(" + text("a") + tensor(2) + text("a") + tensor(2) + "u")).what(), HasSubstr("once"));
}

TEST(StateDict, StoragesAreAsLongAsThePickleSays) {
  EXPECT_THAT(refused(weights("}" + text("a") + tensor(2) + "s", 3)).what(), HasSubstr("a: expected a storage of 2"));
  EXPECT_THAT(refused(weights("}" + text("a") + tensor(2) + "s", 1)).what(), HasSubstr("a: expected a storage of 2"));
}

TEST(StateDict, OtherFilesAreNamed) {
  EXPECT_THAT(refused("").what(), HasSubstr("empty"));
  EXPECT_THAT(refused("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"s).what(), HasSubstr("old torch.save"));
  EXPECT_THAT(refused(test::make_zip({{.name = "a/data.pkl", .content = "\x80\x02}."},
                                      {.name = "a/constants.pkl", .content = "\x80\x02)."}}))
                  .what(),
              HasSubstr("a TorchScript model"));
  EXPECT_THAT(refused(test::make_zip({{.name = "a/b", .content = "x"}})).what(), HasSubstr("data.pkl"));
}

}  // namespace
}  // namespace bertrt::archive
