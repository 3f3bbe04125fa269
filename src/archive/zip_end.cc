#include "archive/zip_end.h"

#include <optional>
#include <utility>

#include "archive/byte_reader.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kWideSignature = 0x06064b50;
constexpr std::uint32_t kLocatorSignature = 0x07064b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kWideSize = 56;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kDirectoryEntrySize = 46;
constexpr std::size_t kLongestComment = 0xffff;
// Far above any model's, so that the tables of entries stay small.
constexpr std::uint64_t kMostEntries = std::uint64_t{1} << 17U;

class EndReader {
 public:
  EndReader(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  ZipEnd read() const {
    const std::size_t at = find();
    ByteReader reader(bytes_, at + 4);
    const auto disk = need(reader.read<std::uint16_t>());
    const auto directory_disk = need(reader.read<std::uint16_t>());
    const auto entries_here = need(reader.read<std::uint16_t>());
    const auto entries = need(reader.read<std::uint16_t>());
    const auto size = need(reader.read<std::uint32_t>());
    const auto offset = need(reader.read<std::uint32_t>());
    ZipEnd end = {entries, offset, size, at};
    if (const std::optional<ZipEnd> wide = read_wide(at)) {
      // A field of the small record is all ones, or says the same.
      const bool same = (entries == 0xffff || entries == wide->entries) &&
                        (size == 0xffffffff || size == wide->directory_size) &&
                        (offset == 0xffffffff || offset == wide->directory_offset);
      if (!same) throw bad("two end records that say the same", "two that differ");
      end = *wide;
    } else if (entries == 0xffff || size == 0xffffffff || offset == 0xffffffff) {
      throw bad("a zip64 end record", "none");
    }
    const bool whole = (disk == 0 || disk == 0xffff) && disk == directory_disk && entries == entries_here;
    if (!whole) throw bad("a zip archive in one piece", "one of several");
    check(end);
    return end;
  }

 private:
  Error bad(std::string expected, std::string found) const {
    return Error(ErrorCode::invalid_format, where_, std::move(expected), std::move(found));
  }

  template <typename T>
  T need(std::optional<T> value) const {
    if (!value) throw bad("a whole zip record", "the end of the file");
    return *value;
  }

  bool ends_here(std::size_t at) const {
    if (ByteReader(bytes_, at).read<std::uint32_t>() != kEndSignature) return false;
    return ByteReader(bytes_, at + kEndSize - 2).read<std::uint16_t>() == bytes_.size() - at - kEndSize;
  }

  // The one place whose comment reaches the file's end. Readers look for it from the one side or the other, and some
  // only for the signature: so there must be no other, and no signature in the comment.
  std::size_t find() const {
    if (bytes_.size() < kEndSize) throw bad("a zip archive", std::to_string(bytes_.size()) + " bytes");
    const std::size_t furthest = bytes_.size() - kEndSize;
    const std::size_t lowest = furthest > kLongestComment ? furthest - kLongestComment : 0;
    std::optional<std::size_t> found;
    for (std::size_t at = furthest + 1; at-- > lowest;) {
      if (ByteReader(bytes_, at).read<std::uint32_t>() != kEndSignature) continue;
      if (!found && !ends_here(at)) throw bad("a zip end record at the end of the file", "other bytes behind it");
      if (found && ends_here(at)) throw bad("one zip end record", "two");
      if (!found) found = at;
    }
    if (!found) throw bad("a zip archive's end record", "none (the file is cut off, or is no archive)");
    return *found;
  }

  std::optional<ZipEnd> read_wide(std::size_t end_position) const {
    if (end_position < kLocatorSize) return std::nullopt;
    ByteReader locator(bytes_, end_position - kLocatorSize);
    if (locator.read<std::uint32_t>() != kLocatorSignature) return std::nullopt;
    const auto disk = need(locator.read<std::uint32_t>());
    const auto offset = need(locator.read<std::uint64_t>());
    const auto disks = need(locator.read<std::uint32_t>());
    if (disk != 0 || disks > 1) throw bad("a zip archive in one piece", "one of several");
    if (offset > end_position - kLocatorSize || end_position - kLocatorSize - offset != kWideSize) {
      throw bad("a zip64 end record right before its locator", "one somewhere else");
    }
    ByteReader reader(bytes_, static_cast<std::size_t>(offset));
    if (need(reader.read<std::uint32_t>()) != kWideSignature) throw bad("a zip64 end record", "other bytes");
    const auto record_size = need(reader.read<std::uint64_t>());
    need(reader.read<std::uint32_t>());  // versions
    const auto this_disk = need(reader.read<std::uint32_t>());
    const auto directory_disk = need(reader.read<std::uint32_t>());
    const auto entries_here = need(reader.read<std::uint64_t>());
    ZipEnd end;
    end.entries = need(reader.read<std::uint64_t>());
    end.directory_size = need(reader.read<std::uint64_t>());
    end.directory_offset = need(reader.read<std::uint64_t>());
    end.position = static_cast<std::size_t>(offset);
    if (record_size != kWideSize - 12) throw bad("a zip64 end record of 44 bytes", std::to_string(record_size));
    if (this_disk != 0 || directory_disk != 0 || entries_here != end.entries) {
      throw bad("a zip archive in one piece", "one of several");
    }
    return end;
  }

  void check(const ZipEnd& end) const {
    if (end.directory_offset > end.position || end.directory_size != end.position - end.directory_offset) {
      throw bad("a directory that ends where the end record starts", "one somewhere else");
    }
    if (end.entries > end.directory_size / kDirectoryEntrySize) {
      throw bad("room for " + std::to_string(end.entries) + " directory entries",
                std::to_string(end.directory_size) + " bytes");
    }
    if (end.entries > kMostEntries) {
      throw Error(ErrorCode::unsupported, where_, "at most " + std::to_string(kMostEntries) + " entries",
                  std::to_string(end.entries));
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
};

}  // namespace

ZipEnd read_zip_end(std::span<const std::byte> bytes, const std::string& where) {
  return EndReader(bytes, where).read();
}

}  // namespace bertrt::archive
