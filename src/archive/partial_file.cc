#include "archive/partial_file.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "archive/zip_end.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

// The end records with the longest comment that a zip archive can have.
constexpr std::size_t kLongestEnd = 22 + 0xffff + 20 + 56;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kDescriptorSize = 24;
constexpr std::uint16_t kStreamed = 0x0008;
constexpr std::uint16_t kZip64Extra = 0x0001;
constexpr std::uint32_t kOnes = 0xffffffff;

// What the directory says of an entry, as far as it says where its bytes are.
struct Place {
  std::string_view name;
  bool streamed = false;
  std::uint64_t compressed = 0;
  std::uint64_t offset = 0;
};

// The zip64 field has what did not fit, in this order.
void widen(std::span<const std::byte> extra, std::uint64_t& size, Place& place) {
  ByteReader reader(extra);
  while (reader.left() >= 4) {
    const auto id = reader.read<std::uint16_t>();
    const auto field = reader.take(*reader.read<std::uint16_t>());
    if (!field) return;
    if (id != kZip64Extra) continue;
    ByteReader wide(*field);
    for (std::uint64_t* value : {&size, &place.compressed, &place.offset}) {
      if (*value == kOnes) *value = wide.read<std::uint64_t>().value_or(kOnes);
    }
    return;
  }
}

// Nothing at the end of what can be read.
std::optional<Place> read_place(ByteReader& reader) {
  constexpr std::size_t kFixedSize = 46;
  const auto fixed = reader.take(kFixedSize);
  if (!fixed) return std::nullopt;
  const auto field = [&](std::size_t at, auto kind) { return *ByteReader(*fixed, at).read<decltype(kind)>(); };
  Place place;
  place.streamed = (field(8, std::uint16_t{}) & kStreamed) != 0;
  place.compressed = field(20, std::uint32_t{});
  std::uint64_t size = field(24, std::uint32_t{});
  place.offset = field(42, std::uint32_t{});
  const auto name = reader.take(field(28, std::uint16_t{}));
  const auto extra = reader.take(field(30, std::uint16_t{}));
  if (!name || !extra || !reader.take(field(32, std::uint16_t{}))) return std::nullopt;
  place.name = as_text(*name);
  widen(*extra, size, place);
  return place;
}

// Puts ranges of a file where they stand in it.
class Filler {
 public:
  Filler(const std::filesystem::path& path, std::span<std::byte> bytes) : path_(path), bytes_(bytes) {}

  void fill(std::uint64_t offset, std::uint64_t count) const {
    if (offset >= bytes_.size()) return;
    const auto begin = static_cast<std::size_t>(offset);
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(count, bytes_.size() - begin));
    if (size != 0 && read_range(path_, begin, bytes_.subspan(begin, size)) != size) {
      throw Error(ErrorCode::io, path_.string(), std::to_string(bytes_.size()) + " readable bytes", "fewer");
    }
  }

  void fill(const Place& place, bool wanted) const {
    fill(place.offset, kLocalSize);
    if (place.offset > bytes_.size() || bytes_.size() - place.offset < kLocalSize) return;
    ByteReader reader(bytes_, static_cast<std::size_t>(place.offset) + 26);
    const std::uint64_t names = *reader.read<std::uint16_t>() + std::uint64_t{*reader.read<std::uint16_t>()};
    fill(place.offset + kLocalSize, names);
    const std::uint64_t payload = place.offset + kLocalSize + names;
    if (wanted) fill(payload, place.compressed);
    if (place.streamed && place.compressed <= bytes_.size()) fill(payload + place.compressed, kDescriptorSize);
  }

 private:
  const std::filesystem::path& path_;
  std::span<std::byte> bytes_;
};

}  // namespace

void PartialFile::Free::operator()(std::byte* data) const noexcept { std::free(data); }

PartialFile PartialFile::read(const std::filesystem::path& path,
                              const std::function<bool(std::string_view name)>& wanted) {
  PartialFile file;
  file.size_ = size_of_file(path);
  // Large zeroed memory comes from the system as pages that are made when they are first touched.
  file.data_.reset(static_cast<std::byte*>(std::calloc(std::max<std::size_t>(file.size_, 1), 1)));
  if (!file.data_) {
    throw Error(ErrorCode::io, path.string(), "memory for the file's " + std::to_string(file.size_) + " bytes",
                "not enough memory");
  }
  const std::span<std::byte> bytes(file.data_.get(), file.size_);
  const Filler filler(path, bytes);
  filler.fill(0, std::min(bytes.size(), kLongestEnd));  // what kind of file it is
  const std::size_t tail = std::min(bytes.size(), kLongestEnd);
  filler.fill(bytes.size() - tail, tail);
  if (as_text(file.span()).substr(0, 2) != "PK") return file;
  const ZipEnd end = read_zip_end(bytes, path.string());
  filler.fill(end.directory_offset, end.directory_size);
  ByteReader reader(file.span().first(end.position), static_cast<std::size_t>(end.directory_offset));
  while (const std::optional<Place> place = read_place(reader)) filler.fill(*place, wanted(place->name));
  return file;
}

}  // namespace bertrt::archive
