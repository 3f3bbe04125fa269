#include "archive/zip.h"

#include <optional>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/inflate.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kEnd64LocatorSignature = 0x07064b50;
constexpr std::uint32_t kDirectorySignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kEnd64LocatorSize = 20;
constexpr std::size_t kDirectoryEntrySize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint16_t kZip64Extra = 0x0001;
constexpr std::uint16_t kEncrypted = 0x0001;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

constexpr std::uint64_t kFreeBudget = std::uint64_t{16} << 20;
constexpr std::uint64_t kBudgetFactor = 32;  // TorchScript code deflates to a tenth or so

struct End {
  std::uint64_t entries = 0;
  std::uint64_t directory_offset = 0;
  std::uint64_t directory_size = 0;
  std::size_t position = 0;  // where the first of the end records starts
};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::vector<ZipEntry> parse() {
    const End end = read_end();
    if (end.directory_offset > end.position || end.directory_size != end.position - end.directory_offset) {
      throw bad("a directory that ends where the end record starts", "one somewhere else");
    }
    if (end.entries > end.directory_size / kDirectoryEntrySize) {
      throw bad("room for " + std::to_string(end.entries) + " directory entries",
                std::to_string(end.directory_size) + " bytes");
    }
    std::vector<ZipEntry> entries;
    entries.reserve(static_cast<std::size_t>(end.entries));
    ByteReader reader(bytes_.first(end.position), static_cast<std::size_t>(end.directory_offset));
    for (std::uint64_t i = 0; i < end.entries; ++i) entries.push_back(read_entry(reader, end));
    if (reader.left() != 0) throw bad("a directory of " + std::to_string(end.entries) + " entries", "more bytes in it");
    return entries;
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

  // The last end record's signature in the file. Its comment must reach the file's end exactly: readers that look
  // for the signature and readers that trust the comment's length then agree.
  End read_end() const {
    if (bytes_.size() < kEndSize) throw bad("a zip archive", std::to_string(bytes_.size()) + " bytes");
    const std::size_t furthest = bytes_.size() - kEndSize;
    const std::size_t lowest = furthest > 0xffff ? furthest - 0xffff : 0;
    for (std::size_t at = furthest + 1; at-- > lowest;) {
      ByteReader reader(bytes_, at);
      if (reader.read<std::uint32_t>() != kEndSignature) continue;
      const auto disk = need(reader.read<std::uint16_t>());
      const auto directory_disk = need(reader.read<std::uint16_t>());
      const auto entries_here = need(reader.read<std::uint16_t>());
      const auto entries = need(reader.read<std::uint16_t>());
      const auto size = need(reader.read<std::uint32_t>());
      const auto offset = need(reader.read<std::uint32_t>());
      const auto comment = need(reader.read<std::uint16_t>());
      if (reader.left() != comment) throw bad("a zip end record at the end of the file", "other bytes behind it");
      if (disk != directory_disk || entries != entries_here) throw bad("a zip archive in one piece", "one of several");
      const std::optional<End> wide = read_end64(at);
      if (wide) return *wide;
      if (entries == 0xffff || size == 0xffffffff || offset == 0xffffffff || disk != 0) {
        throw bad("a zip64 end record", "none");
      }
      return {entries, offset, size, at};
    }
    throw bad("a zip archive's end record", "none (the file is cut off, or is no archive)");
  }

  std::optional<End> read_end64(std::size_t end_position) const {
    if (end_position < kEnd64LocatorSize) return std::nullopt;
    ByteReader locator(bytes_, end_position - kEnd64LocatorSize);
    if (locator.read<std::uint32_t>() != kEnd64LocatorSignature) return std::nullopt;
    need(locator.read<std::uint32_t>());  // the disk
    const auto offset = need(locator.read<std::uint64_t>());
    if (offset > end_position - kEnd64LocatorSize || end_position - kEnd64LocatorSize - offset != kEnd64Size) {
      throw bad("a zip64 end record right before its locator", "one somewhere else");
    }
    ByteReader reader(bytes_, static_cast<std::size_t>(offset));
    if (need(reader.read<std::uint32_t>()) != kEnd64Signature) throw bad("a zip64 end record", "other bytes");
    need(reader.take(20));  // record size, versions, disks
    End end;
    const auto entries_here = need(reader.read<std::uint64_t>());
    end.entries = need(reader.read<std::uint64_t>());
    end.directory_size = need(reader.read<std::uint64_t>());
    end.directory_offset = need(reader.read<std::uint64_t>());
    end.position = static_cast<std::size_t>(offset);
    if (entries_here != end.entries) throw bad("a zip archive in one piece", "one of several");
    return end;
  }

  struct Header {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
    std::uint16_t name_size = 0;
    std::uint16_t extra_size = 0;
  };

  // The part that the directory's entry and the local header have in common.
  Header read_common(ByteReader& reader) const {
    Header header;
    header.flags = need(reader.read<std::uint16_t>());
    header.method = need(reader.read<std::uint16_t>());
    need(reader.read<std::uint32_t>());  // time, date
    header.crc = need(reader.read<std::uint32_t>());
    header.compressed = need(reader.read<std::uint32_t>());
    header.size = need(reader.read<std::uint32_t>());
    header.name_size = need(reader.read<std::uint16_t>());
    header.extra_size = need(reader.read<std::uint16_t>());
    return header;
  }

  // Fields that do not fit their 32 bits are all ones there and stand in the zip64 extra field, in this order.
  void widen(std::span<const std::byte> extra, Header& header, std::uint64_t* offset) const {
    const bool wide_offset = offset != nullptr && *offset == 0xffffffff;
    if (header.size != 0xffffffff && header.compressed != 0xffffffff && !wide_offset) return;
    ByteReader reader(extra);
    while (reader.left() >= 4) {
      const auto id = need(reader.read<std::uint16_t>());
      const auto field = need(reader.take(need(reader.read<std::uint16_t>())));
      if (id != kZip64Extra) continue;
      ByteReader wide(field);
      if (header.size == 0xffffffff) header.size = need(wide.read<std::uint64_t>());
      if (header.compressed == 0xffffffff) header.compressed = need(wide.read<std::uint64_t>());
      if (wide_offset) *offset = need(wide.read<std::uint64_t>());
      return;
    }
    throw bad("a zip64 field for an entry that needs one", "none");
  }

  ZipEntry read_entry(ByteReader& reader, const End& end) const {
    if (need(reader.read<std::uint32_t>()) != kDirectorySignature) throw bad("a zip directory entry", "other bytes");
    need(reader.read<std::uint32_t>());  // versions
    Header header = read_common(reader);
    const auto comment_size = need(reader.read<std::uint16_t>());
    need(reader.take(8));  // disk, attributes
    std::uint64_t offset = need(reader.read<std::uint32_t>());
    ZipEntry entry;
    entry.name = as_text(need(reader.take(header.name_size)));
    widen(need(reader.take(header.extra_size)), header, &offset);
    need(reader.take(comment_size));

    const std::string name(entry.name);
    if ((header.flags & kEncrypted) != 0) throw bad("a plain entry " + name, "an encrypted one");
    if (header.method != kStored && header.method != kDeflated) {
      throw Error(ErrorCode::unsupported, where_ + ": " + name, "a stored or deflated entry",
                  "compression method " + std::to_string(header.method));
    }
    entry.deflated = header.method == kDeflated;
    entry.size = header.size;
    entry.crc = header.crc;
    if (!entry.deflated && header.size != header.compressed) throw bad("equal sizes of the stored " + name, "two");
    entry.payload = locate(name, header, offset, static_cast<std::size_t>(end.directory_offset));
    return entry;
  }

  std::span<const std::byte> locate(const std::string& name, const Header& header, std::uint64_t offset,
                                    std::size_t limit) const {
    if (offset > limit || limit - offset < kLocalSize) throw bad("entry " + name + " inside the file", "one outside");
    ByteReader reader(bytes_.first(limit), static_cast<std::size_t>(offset));
    if (need(reader.read<std::uint32_t>()) != kLocalSignature) throw bad("a local header of " + name, "other bytes");
    need(reader.read<std::uint16_t>());  // version
    Header local = read_common(reader);
    const auto local_name = reader.take(local.name_size);
    if (!local_name || as_text(*local_name) != name) throw bad("the name " + name + " in its local header", "another");
    const auto extra = reader.take(local.extra_size);
    const auto payload = reader.take(header.compressed);
    if (!extra || !payload) throw bad("entry " + name + " inside the file", "one that reaches outside");
    // With flag 3 the sizes follow the data and the local header leaves them 0.
    const bool streamed = (local.flags & 0x0008) != 0;
    if (!streamed) widen(*extra, local, nullptr);
    const bool same_sizes = streamed || (local.size == header.size && local.compressed == header.compressed);
    if (local.method != header.method || !same_sizes) {
      throw bad("a local header of " + name + " that repeats the directory", "one that differs");
    }
    return *payload;
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
};

}  // namespace

ZipDirectory::ZipDirectory(std::span<const std::byte> bytes, std::string where) : where_(std::move(where)) {
  entries_ = Parser(bytes, where_).parse();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::string_view name = entries_[i].name;
    if (name.find('\0') != std::string_view::npos) {
      throw Error(ErrorCode::invalid_format, where_, "names of plain text", "one with a zero byte");
    }
    if (!by_name_.emplace(lower_case(name), i).second) {
      throw Error(ErrorCode::invalid_format, where_, "each name once, whatever the case of its letters",
                  "two entries " + std::string(name));
    }
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto found = by_name_.find(lower_case(name));
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

ZipReader::ZipReader(std::size_t archive_size, std::string where)
    : where_(std::move(where)), budget_(kFreeBudget + kBudgetFactor * std::uint64_t{archive_size}) {}

std::span<const std::byte> ZipReader::read(const ZipEntry& entry) {
  if (!entry.deflated) return entry.payload;
  const auto size = static_cast<std::size_t>(entry.size);
  // By the name's place in the directory, which no two entries share (payloads of a hostile file can overlap).
  const auto found = inflated_.find(entry.name.data());
  if (found != inflated_.end()) return {found->second.get(), size};
  const std::string where = where_ + ": " + std::string(entry.name);
  if (entry.size > budget_) {
    throw Error(ErrorCode::unsupported, where, "entries that inflate to at most " + std::to_string(budget_) + " bytes",
                std::to_string(entry.size));
  }
  budget_ -= entry.size;
  auto data = inflate_raw(entry.payload, size, where);
  const std::span<const std::byte> result(data.get(), size);
  inflated_.emplace(entry.name.data(), std::move(data));
  return result;
}

std::vector<std::string> damaged_entries(const ZipDirectory& directory, ZipReader& reader) {
  std::vector<std::string> damaged;
  for (const ZipEntry& entry : directory.entries()) {
    if (crc32_of(reader.read(entry)) != entry.crc) damaged.emplace_back(entry.name);
  }
  return damaged;
}

}  // namespace bertrt::archive
