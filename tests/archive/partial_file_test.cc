#include "archive/partial_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "archive/archive.h"
#include "archive/byte_reader.h"
#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using test::RawEntry;

// A file with `bytes`, gone at the end of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes)
      : path_(std::filesystem::path(testing::TempDir()) / ("partial_file_" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool is_wanted(std::string_view name) { return name.find("/extra/") != std::string_view::npos; }

std::vector<RawEntry> entries() {
  return {{"data/0", std::string(300000, 'w')},
          {"extra/vocab.txt", "[PAD]\n"},
          {.name = "extra/streamed",
           .content = "abc",
           .flags = 8,
           .behind =
               [] {
                 std::string out;
                 test::put(out, 0x08074b50, 4);
                 test::put(out, crc32_of(test::bytes_of("abc")), 4);
                 test::put(out, 3, 4);
                 test::put(out, 3, 4);
                 return out;
               }()},
          {"data/1", "never read"}};
}

TEST(PartialFile, HasWhatIsWantedAndTheDirectory) {
  const TemporaryFile file(test::make_archive(entries()));
  const PartialFile partial = PartialFile::read(file.path(), is_wanted);
  Archive archive(partial.span(), "file");
  EXPECT_THAT(archive.list("data/"), testing::ElementsAre("data/0", "data/1"));
  EXPECT_EQ(as_text(archive.read("extra/vocab.txt")), "[PAD]\n");
  EXPECT_EQ(as_text(archive.read("extra/streamed")), "abc");
  EXPECT_THROW((void)archive.read("data/0"), Error) << "zeros, whose checksum is not the entry's";
}

TEST(PartialFile, EveryCutOfAFileIsAnErrorAsOfTheWholeFile) {
  std::vector<RawEntry> small = entries();
  small[0].content.resize(10);
  const std::string whole = test::make_archive(small);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const TemporaryFile file(whole.substr(0, size));
    const auto open = [&] {
      const PartialFile partial = PartialFile::read(file.path(), is_wanted);
      Archive(partial.span(), "file");
    };
    EXPECT_THROW(open(), Error) << size;
  }
}

TEST(PartialFile, ADirectoryThatPointsAnywhereIsAnError) {
  for (const std::int64_t offset : {std::int64_t{1}, std::int64_t{400}, std::int64_t{0x7fffffff}}) {
    const TemporaryFile file(test::make_archive({{.name = "extra/a", .content = "a", .offset = offset}}));
    const auto open = [&] {
      const PartialFile partial = PartialFile::read(file.path(), is_wanted);
      Archive(partial.span(), "file");
    };
    EXPECT_THROW(open(), Error) << offset;
  }
}

TEST(PartialFile, SaysWhatIsNoFile) {
  const auto read = [](const std::filesystem::path& path) { (void)PartialFile::read(path, is_wanted); };
  EXPECT_THROW(read("/no/such/file"), Error);
  EXPECT_THROW(read(testing::TempDir()), Error);
}

}  // namespace
}  // namespace bertrt::archive
