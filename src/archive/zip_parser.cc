#include "archive/zip_parser.h"

#include <algorithm>
#include <utility>

#include "archive/zip_name.h"
#include "base/plain_text.h"

namespace bertrt::archive {
namespace {

constexpr std::uint32_t kDirectorySignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kDescriptorSignature = 0x08074b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kLongestDescriptor = 24;
constexpr std::uint16_t kZip64Extra = 0x0001;
constexpr std::uint16_t kUnicodePathExtra = 0x7075;  // another name for the same entry
constexpr std::uint32_t kOnes = 0xffffffff;

constexpr std::uint16_t kEncrypted = 0x0001;
constexpr std::uint16_t kStreamed = 0x0008;
// How hard deflate worked, sizes behind the data, a name in UTF-8. The rest encrypts, masks, patches, or is unknown.
constexpr std::uint16_t kKnownFlags = 0x0006 | kStreamed | 0x0800;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

constexpr std::uint32_t kNoPlainFile = 0x18;  // DOS: a folder, a volume's label
constexpr std::uint32_t kFolder = 0x10;
constexpr std::uint32_t kUnixFile = 8;  // the kind in a Unix mode, which stands in the upper half
constexpr std::uint32_t kUnixFolder = 4;

}  // namespace

Error ZipParser::bad(std::string expected, std::string found) const {
  return Error(ErrorCode::invalid_format, where_, std::move(expected), std::move(found));
}

void ZipParser::fetch(std::uint64_t offset, std::uint64_t count) const {
  if (fetch_) fetch_(offset, count);
}

template <typename T>
T ZipParser::need(std::optional<T> value) const {
  if (!value) throw bad("a whole zip record", "the end of the file");
  return *value;
}

std::vector<ZipEntry> ZipParser::parse() {
  const std::size_t tail = std::min(bytes_.size(), kLongestZipEnd);
  fetch(bytes_.size() - tail, tail);
  end_ = read_zip_end(bytes_, where_);
  fetch(end_.directory_offset, end_.directory_size);
  std::vector<ZipEntry> entries;
  entries.reserve(static_cast<std::size_t>(end_.entries));
  extents_.reserve(static_cast<std::size_t>(end_.entries));
  ByteReader reader(bytes_.first(end_.position), static_cast<std::size_t>(end_.directory_offset));
  for (std::uint64_t i = 0; i < end_.entries; ++i) {
    if (auto entry = read_entry(reader)) entries.push_back(*std::move(entry));
  }
  if (reader.left() != 0) throw bad("a directory of " + std::to_string(end_.entries) + " entries", "more bytes in it");
  check_extents();
  return entries;
}

ZipParser::Header ZipParser::read_common(ByteReader& reader) const {
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

// Nothing for a folder.
std::optional<ZipEntry> ZipParser::read_entry(ByteReader& reader) {
  if (need(reader.read<std::uint32_t>()) != kDirectorySignature) throw bad("a zip directory entry", "other bytes");
  need(reader.read<std::uint32_t>());  // versions
  Header header = read_common(reader);
  const auto comment_size = need(reader.read<std::uint16_t>());
  const auto disk = need(reader.read<std::uint16_t>());
  need(reader.read<std::uint16_t>());  // internal attributes: whether it is text
  const auto attributes = need(reader.read<std::uint32_t>());
  std::uint64_t offset = need(reader.read<std::uint32_t>());
  ZipEntry entry;
  entry.name = as_text(need(reader.take(header.name_size)));
  const std::string shown = base::printable(entry.name);
  if (const auto problem = problem_of_name(entry.name); !problem.empty()) {
    throw bad("names of entries that every reader takes for the same", std::string(problem) + ": " + shown);
  }
  if (disk != 0) throw bad("a zip archive in one piece", "one of several");
  widen(need(reader.take(header.extra_size)), shown, header, &offset);
  need(reader.take(comment_size));

  const bool folder = entry.name.ends_with('/');
  check_kind(shown, header, attributes, folder);
  entry.deflated = header.method == kDeflated;
  entry.size = header.size;
  entry.crc = header.crc;
  entry.payload = locate(entry.name, shown, header, offset);
  if (folder) return std::nullopt;
  return entry;
}

// libtorch's reader gives nothing for an entry whose attributes say "folder", and its caller then reads memory that was
// never written: what the checks saw is not what runs. So attributes and name must agree.
void ZipParser::check_kind(const std::string& shown, const Header& header, std::uint32_t attributes,
                           bool folder) const {
  const std::uint32_t kind = attributes >> 28U;
  if (folder) {
    const bool plain = (attributes & kNoPlainFile & ~kFolder) == 0 && (kind == 0 || kind == kUnixFolder);
    if (!plain || header.size != 0 || header.compressed != 0) throw bad("an empty folder " + shown, "something else");
  } else if ((attributes & kNoPlainFile) != 0 || (kind != 0 && kind != kUnixFile)) {
    throw bad("a plain file " + shown, "attributes of something else");
  }
  if ((header.flags & kEncrypted) != 0) throw bad("a plain entry " + shown, "an encrypted one");
  if ((header.flags & ~kKnownFlags) != 0) throw bad("known flags of entry " + shown, std::to_string(header.flags));
  if (header.method != kStored && header.method != kDeflated) {
    throw Error(ErrorCode::unsupported, where_ + ": " + shown, "a stored or deflated entry",
                "compression method " + std::to_string(header.method));
  }
  if (header.method == kStored && header.size != header.compressed) {
    throw bad("equal sizes of the stored " + shown, "two");
  }
}

// Fields that do not fit their 32 bits are all ones there and stand in the zip64 extra field, in this order.
void ZipParser::widen(std::span<const std::byte> extra, const std::string& shown, Header& header,
                      std::uint64_t* offset) const {
  ByteReader reader(extra);
  std::optional<ByteReader> wide;
  while (reader.left() >= 4) {
    const auto id = need(reader.read<std::uint16_t>());
    const auto field = reader.take(need(reader.read<std::uint16_t>()));
    if (!field) throw bad("whole extra fields of " + shown, "one that is cut off");
    if (id == kUnicodePathExtra) throw bad("one name of " + shown, "a second one in its extra fields");
    if (id != kZip64Extra) continue;
    if (wide) throw bad("one zip64 field of " + shown, "two");
    wide.emplace(*field);
  }
  const auto take = [&](std::uint64_t& value) {
    if (value != kOnes) return;
    const auto found = wide ? wide->read<std::uint64_t>() : std::nullopt;
    if (!found) throw bad("a zip64 field for " + shown + ", which needs one", "none, or too short a one");
    value = *found;
  };
  take(header.size);
  take(header.compressed);
  if (offset != nullptr) take(*offset);
}

std::span<const std::byte> ZipParser::locate(std::string_view name, const std::string& shown, const Header& header,
                                             std::uint64_t offset) {
  const std::uint64_t limit = end_.directory_offset;
  if (offset > limit || limit - offset < kLocalSize) throw bad("entry " + shown + " inside the file", "one outside");
  fetch(offset, kLocalSize);
  ByteReader reader(bytes_.first(static_cast<std::size_t>(limit)), static_cast<std::size_t>(offset));
  if (need(reader.read<std::uint32_t>()) != kLocalSignature) throw bad("a local header of " + shown, "other bytes");
  need(reader.read<std::uint16_t>());  // version
  Header local = read_common(reader);
  fetch(reader.position(), std::uint64_t{local.name_size} + local.extra_size);
  const auto local_name = reader.take(local.name_size);
  if (!local_name || as_text(*local_name) != name) throw bad("the name " + shown + " in its local header", "another");
  const auto extra = reader.take(local.extra_size);
  const auto payload = reader.take(header.compressed);
  if (!extra || !payload) throw bad("entry " + shown + " inside the file", "one that reaches outside");
  const bool streamed = (header.flags & kStreamed) != 0;
  // A streamed entry's numbers follow its data, and the local header may leave them out.
  const bool left_out = streamed && local.crc == 0 && (local.size == 0 || local.size == kOnes) &&
                        (local.compressed == 0 || local.compressed == kOnes);
  if (!left_out) widen(*extra, shown, local, nullptr);
  const bool same =
      left_out || (local.size == header.size && local.compressed == header.compressed && local.crc == header.crc);
  if (local.flags != header.flags || local.method != header.method || !same) {
    throw bad("a local header of " + shown + " that repeats the directory", "one that differs");
  }
  const std::uint64_t end = reader.position();
  extents_.push_back({offset, streamed ? end_of_descriptor(end, shown, header) : end});
  return *payload;
}

// What follows a streamed entry's data: checksum and sizes again, with a signature or without, in 32 bits or in 64.
std::uint64_t ZipParser::end_of_descriptor(std::uint64_t at, const std::string& shown, const Header& header) const {
  fetch(at, kLongestDescriptor);
  const auto before_directory = bytes_.first(static_cast<std::size_t>(end_.directory_offset));
  const auto agrees = [&](ByteReader reader, auto size) -> std::optional<std::uint64_t> {
    using Size = decltype(size);
    if (reader.read<std::uint32_t>() != header.crc) return std::nullopt;
    if (reader.read<Size>() != header.compressed || reader.read<Size>() != header.size) return std::nullopt;
    return reader.position();
  };
  ByteReader signed_form(before_directory, static_cast<std::size_t>(at));
  if (signed_form.read<std::uint32_t>() == kDescriptorSignature) {
    if (const auto end = agrees(signed_form, std::uint64_t{})) return *end;
    if (const auto end = agrees(signed_form, std::uint32_t{})) return *end;
  }
  const ByteReader bare(before_directory, static_cast<std::size_t>(at));
  if (const auto end = agrees(bare, std::uint64_t{})) return *end;
  if (const auto end = agrees(bare, std::uint32_t{})) return *end;
  throw bad("checksum and sizes behind the streamed " + shown, "other ones");
}

// Side by side from the file's first byte to the directory: entries that share bytes are one file to one reader and
// another file to the next, and bytes that belong to none are a place to hide.
void ZipParser::check_extents() {
  std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  std::uint64_t at = 0;
  for (const Extent& extent : extents_) {
    if (extent.begin < at) throw bad("entries side by side", "two that share bytes");
    if (extent.begin > at) throw bad("entries side by side", "bytes that belong to none");
    at = extent.end;
  }
  if (at != end_.directory_offset) throw bad("the directory right behind the last entry", "bytes in between");
}

}  // namespace bertrt::archive
