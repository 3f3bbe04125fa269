#include "archive/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/byte_reader.h"
#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using test::bytes_of;

const std::string kDeflated("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01", 10);  // "hello hello hello hello"

std::string text_of(Archive& archive, std::string_view name) { return std::string(as_text(archive.read(name))); }

TEST(Rewrite, HoldsWhatRunningNeedsAndNoMore) {
  const std::string zip =
      test::make_archive({{"data/1", "one"},
                          {.name = "code/__torch__/a.py", .content = kDeflated, .method = 8, .size = 23},
                          {"code/__torch__/a.py.debug_pkl", "d"},
                          {"constants/0", "c"},
                          {"version", "3"},
                          {".data/version", "3"},
                          {".data/serialization_id", "5"},
                          {"byteorder", "little"},
                          {"traced_inputs.pkl", "t"},
                          {"extra/bertrt/manifest.json", "{}"}});
  Archive before(bytes_of(zip), "file");
  for (const std::uint64_t narrow : {std::uint64_t{0xffffffff}, std::uint64_t{10}, std::uint64_t{0}}) {
    const std::vector<std::byte> written = rewrite(before, narrow);
    Archive after(written, "again");  // whose strictness is the test of every header
    EXPECT_THAT(after.list(""), testing::ElementsAre(".data/version", "byteorder", "code/__torch__/a.py",
                                                     "constants.pkl", "constants/0", "data.pkl", "data/1", "version"));
    for (const std::string& name : after.list("")) EXPECT_EQ(text_of(after, name), text_of(before, name)) << name;
    EXPECT_EQ(rewrite(after, narrow), written);
    EXPECT_THAT(std::string(as_text(written)), testing::HasSubstr("hello hello hello hello"));  // inflated
  }
}

TEST(Rewrite, ADamagedEntryIsAnError) {
  const std::string zip = test::make_archive({{.name = "data/0", .content = "one", .crc = 7}});
  Archive archive(bytes_of(zip), "file");
  EXPECT_THROW((void)rewrite(archive), Error);
}

}  // namespace
}  // namespace bertrt::archive
