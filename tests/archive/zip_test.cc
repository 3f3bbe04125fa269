#include "archive/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/byte_reader.h"
#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using archive::test::bytes_of;
using archive::test::make_zip;
using testing::HasSubstr;

std::string error_of(const std::string& zip) {
  try {
    const ZipDirectory directory(bytes_of(zip), "file");
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

// "hello hello hello hello" as Python's zlib deflates it, raw.
const std::string kDeflated("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01", 10);

TEST(Zip, FindsStoredAndDeflatedEntries) {
  const std::string zip =
      make_zip({{"a/plain", "some bytes"}, {"a/small", kDeflated, 8, 0, 23}, {"a/empty", ""}}, -1, "a comment");
  const ZipDirectory directory(bytes_of(zip), "file");
  ASSERT_EQ(directory.entries().size(), 3U);
  ZipReader reader(zip.size(), "file");
  EXPECT_EQ(as_text(reader.read(*directory.find("a/plain"))), "some bytes");
  EXPECT_EQ(as_text(reader.read(*directory.find("a/small"))), "hello hello hello hello");
  EXPECT_EQ(as_text(reader.read(*directory.find("a/small"))), "hello hello hello hello");
  EXPECT_EQ(as_text(reader.read(*directory.find("a/empty"))), "");
  EXPECT_EQ(directory.find("a/none"), nullptr);
  // A stored entry is a view of the archive.
  EXPECT_GE(reinterpret_cast<const char*>(reader.read(*directory.find("a/plain")).data()), zip.data());
}

TEST(Zip, RefusesWhatOtherReadersCouldReadDifferently) {
  EXPECT_THAT(error_of(make_zip({{"a", "1"}, {"a", "2"}})), HasSubstr("each name once"));
  EXPECT_THAT(error_of(make_zip({{"a/code", "1"}, {"A/Code", "2"}})), HasSubstr("each name once"));
  EXPECT_THAT(error_of(make_zip({{std::string("a\0b", 3), "1"}})), HasSubstr("zero byte"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}}) + "trailing"), HasSubstr("expected a zip"));
  EXPECT_THAT(error_of(make_zip({{"a", "1", 0, 0, 0xfffffffe, "b"}})), HasSubstr("local header"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}}, 2)), HasSubstr("directory entries"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}, {"b", "2"}}, 1)), HasSubstr("more bytes"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}, {"b", "2", 0, 0, 0xfffffffe, "", 0}})), HasSubstr("local header"));
}

TEST(Zip, RefusesALocalHeaderThatDiffers) {
  const std::string zip = make_zip({{"a", "1"}});
  for (const std::size_t field : {8, 18, 22}) {  // method, compressed size, size
    std::string differs = zip;
    differs[field] = '\x08';
    EXPECT_NE(error_of(differs), "no error") << field;
  }
}

TEST(Zip, RefusesWhatReachesOutside) {
  EXPECT_THAT(error_of(make_zip({{"a", "1", 0, 0, 7}})), HasSubstr("equal sizes"));
  EXPECT_THAT(error_of(make_zip({{"a", "1", 0, 0, 0xfffffffe, "", 4000}})), HasSubstr("inside the file"));
  std::string longer = make_zip({{"a", "1"}});
  longer[18] = '\x7f';                            // compressed size in the local header
  longer[longer.size() - 22 - 47 + 20] = '\x7f';  // and in the directory
  longer[22] = longer[longer.size() - 22 - 47 + 24] = '\x7f';
  EXPECT_THAT(error_of(longer), HasSubstr("reaches outside"));
}

TEST(Zip, RefusesWhatItCannotRead) {
  EXPECT_THAT(error_of(make_zip({{"a", "1", 12}})), HasSubstr("compression method 12"));
  EXPECT_THAT(error_of(make_zip({{"a", "1", 0, 1}})), HasSubstr("encrypted"));
  EXPECT_THAT(error_of(""), HasSubstr("0 bytes"));
  EXPECT_THAT(error_of(std::string(100, 'x')), HasSubstr("cut off"));
}

std::string read_error(const std::string& zip, std::size_t archive_size) {
  const ZipDirectory directory(bytes_of(zip), "file");
  ZipReader reader(archive_size, "file");
  try {
    (void)reader.read(*directory.find("a"));
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Zip, InflatesExactlyTheDeclaredSize) {
  EXPECT_EQ(read_error(make_zip({{"a", kDeflated, 8, 0, 23}}), 100), "no error");
  EXPECT_THAT(read_error(make_zip({{"a", kDeflated, 8, 0, 22}}), 100), HasSubstr("gives more"));
  EXPECT_THAT(read_error(make_zip({{"a", kDeflated, 8, 0, 24}}), 100), HasSubstr("gives fewer"));
  EXPECT_THAT(read_error(make_zip({{"a", kDeflated.substr(0, 6), 8, 0, 23}}), 100), HasSubstr("truncated"));
  EXPECT_THAT(read_error(make_zip({{"a", "\xff\xff\xff", 8, 0, 23}}), 100), HasSubstr("damaged"));
}

TEST(Zip, DoesNotAllocateWhatASmallFileDeclares) {
  EXPECT_THAT(read_error(make_zip({{"a", kDeflated, 8, 0, 0xfffffff0}}), 100), HasSubstr("inflate to at most"));
}

TEST(Zip, ChecksumsShowDamage) {
  std::string zip = make_zip({{"a", "some bytes"}, {"b", kDeflated, 8, 0, 23}});
  ZipReader reader(zip.size(), "file");
  EXPECT_THAT(damaged_entries(ZipDirectory(bytes_of(zip), "file"), reader),
              testing::ElementsAre("b"));  // of the deflated
  zip[zip.find("some")] = 'S';
  EXPECT_THAT(damaged_entries(ZipDirectory(bytes_of(zip), "file"), reader), testing::ElementsAre("a", "b"));
}

}  // namespace
}  // namespace bertrt::archive
