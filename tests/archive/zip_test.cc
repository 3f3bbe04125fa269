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
using archive::test::put;
using archive::test::RawEntry;
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
  EXPECT_THAT(error_of(make_zip({{"a", "1"}}) + "trailing"), HasSubstr("expected a zip"));
  EXPECT_THAT(error_of(make_zip({{"a", "1", 0, 0, 0xfffffffe, "b"}})), HasSubstr("local header"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}}, 2)), HasSubstr("directory entries"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}, {"b", "2"}}, 1)), HasSubstr("more bytes"));
  EXPECT_THAT(error_of(make_zip({{"a", "1"}, {"b", "2", 0, 0, 0xfffffffe, "", 0}})), HasSubstr("local header"));
  EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .extra = std::string("\x75\x70\x01\x00z", 5)}})),
              HasSubstr("one name"));
  EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .extra = std::string("\x01\x00\x09\x00z", 5)}})),
              HasSubstr("cut off"));
}

// What libtorch's own writer leaves out of local headers stands behind the data; both readers take the directory's.
TEST(Zip, StreamedEntriesRepeatTheirNumbersBehindTheData) {
  RawEntry entry{.name = "a", .content = "some bytes", .flags = 0x808, .local_crc = 0, .local_size = 0};
  const auto descriptor = [&](bool with_signature, int width, std::uint64_t size) {
    std::string bytes;
    if (with_signature) put(bytes, 0x08074b50, 4);
    put(bytes, crc32_of(bytes_of(entry.content)), 4);
    put(bytes, size, width);
    put(bytes, size, width);
    return bytes;
  };
  for (const bool with_signature : {false, true}) {
    for (const int width : {4, 8}) {
      entry.behind = descriptor(with_signature, width, entry.content.size());
      EXPECT_EQ(error_of(make_zip({entry})), "no error") << width;
      entry.behind = descriptor(with_signature, width, entry.content.size() + 1);
      EXPECT_THAT(error_of(make_zip({entry})), HasSubstr("behind the streamed")) << width;
    }
  }
  entry.behind.clear();
  EXPECT_THAT(error_of(make_zip({entry})), HasSubstr("behind the streamed"));
  entry.flags = 0;
  EXPECT_THAT(error_of(make_zip({entry})), HasSubstr("repeats the directory"));
}

// libtorch's reader takes an entry with a folder's attribute for a folder and leaves its buffer unread.
TEST(Zip, RefusesAttributesAndFlagsOfAnythingButAPlainFile) {
  for (const std::uint32_t attributes : {0x10U, 0x08U, 0x18U, 0x40000000U, 0xA0000000U, 0x41ED0010U}) {
    EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .attributes = attributes}})), HasSubstr("plain file"));
  }
  for (const std::uint32_t attributes : {0x20U, 0x01800000U, 0x81A40000U}) {  // as zipfile and zip write them
    EXPECT_EQ(error_of(make_zip({{.name = "a", .content = "1", .attributes = attributes}})), "no error");
  }
  for (const std::uint16_t flags : {0x2000, 0x40, 0x20, 0x10, 0x1000}) {
    EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .flags = flags}})), HasSubstr("flags")) << flags;
  }
  EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .flags = 0x800, .local_flags = 0}})),
              HasSubstr("repeats the directory"));
}

TEST(Zip, FoldersAreLeftOut) {
  const std::string zip =
      make_zip({{.name = "a/", .attributes = 0x41ED0010U}, {.name = "a/b", .content = "1"}, {.name = "c/"}});
  EXPECT_EQ(error_of(zip), "no error");
  EXPECT_EQ(ZipDirectory(bytes_of(zip), "file").entries().size(), 1U);
  EXPECT_THAT(error_of(make_zip({{.name = "a/", .content = "1"}})), HasSubstr("empty folder"));
  EXPECT_THAT(error_of(make_zip({{.name = "a/", .attributes = 0x81A40000U}})), HasSubstr("empty folder"));
}

TEST(Zip, EveryByteBelongsToOneEntry) {
  EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .behind = "x"}, {.name = "b"}})), HasSubstr("to none"));
  EXPECT_THAT(error_of(make_zip({{.name = "a", .content = "1", .behind = "x"}})), HasSubstr("in between"));
  // One entry inside of another's data.
  const std::string inner = make_zip({{"b", "2"}}).substr(0, 30 + 2);
  EXPECT_THAT(error_of(make_zip({{"a", inner}, {"b", "2", 0, 0, 0xfffffffe, "", 31}})), HasSubstr("share bytes"));
}

TEST(Zip, RefusesASecondEnd) {
  std::string end;
  put(end, 0x06054b50, 4);
  put(end, 0, 18);
  EXPECT_NE(error_of(make_zip({{"a", "1"}}, -1, end)), "no error");
  std::string outer = end.substr(0, 20);
  put(outer, make_zip({{"a", "1"}}).size(), 2);  // the whole archive as the comment of an empty one in front
  EXPECT_THAT(error_of(outer + make_zip({{"a", "1"}})), HasSubstr("two"));
}

TEST(Zip, RefusesNamesThatAreNotPlain) {
  for (const std::string& name :
       {std::string("a\0b", 3), std::string("m/../x"), std::string("/m/x"), std::string("m//x"), std::string("./x"),
        std::string("m/\xff"), std::string("m/\xc0\xaf"), std::string("m/\xed\xa0\x80"), std::string("m/\x1b[31m"),
        std::string("m/\xc2\x9b"), std::string("m/\xe2\x80\xae"), std::string("m\\x"),
        std::string("m/\xf4\x90\x80\x80"), std::string("m/\xe2\x80")}) {
    EXPECT_THAT(error_of(make_zip({{name, "1"}})), HasSubstr("names of entries")) << name;
    EXPECT_EQ(error_of(make_zip({{name, "1"}})).find_first_of("\x1b\n"), std::string::npos);
  }
  for (const char* name : {"m/x", "m/caf\xc3\xa9", "m/.data/x", "m/a b", "m/\xf0\x9f\xa4\x97"}) {
    EXPECT_EQ(error_of(make_zip({{name, "1"}})), "no error") << name;
  }
}

// In time that grows with their number.
TEST(Zip, ManyEntriesAreReadAndTooManyRefused) {
  std::vector<RawEntry> entries(60000);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].name = "m/" + std::to_string(i);
  EXPECT_EQ(error_of(make_zip(entries)), "no error");
}

TEST(Zip, RefusesALocalHeaderThatDiffers) {
  const std::string zip = make_zip({{"a", "1"}});
  for (const std::size_t field : {6, 8, 14, 18, 22}) {  // flags, method, checksum, compressed size, size
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
  std::string zip = make_zip({{"a", "some bytes"}, {"b", kDeflated, 8, 0, 23}, {.name = "c", .crc = 5}});
  EXPECT_THAT(damaged_entries(ZipDirectory(bytes_of(zip), "file")), testing::ElementsAre("c"));
  zip[zip.find("some")] = 'S';
  const ZipDirectory directory(bytes_of(zip), "file");
  EXPECT_THAT(damaged_entries(directory), testing::ElementsAre("a", "c"));
  ZipReader reader(zip.size(), "file");
  EXPECT_THAT(read_error(zip, 100), HasSubstr("checksum"));
  const ZipEntry* all[] = {directory.find("b"), directory.find("a")};
  EXPECT_THROW(reader.check(all), Error);
  EXPECT_NO_THROW(reader.check(std::span(all).first(1)));
  EXPECT_EQ(read_error(make_zip({{.name = "a", .content = kDeflated, .method = 8, .size = 23, .crc = 7}}), 100)
                .find("no error"),
            std::string::npos);
}

}  // namespace
}  // namespace bertrt::archive
