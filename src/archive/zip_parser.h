#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/byte_reader.h"
#include "archive/zip.h"
#include "archive/zip_end.h"
#include "bertrt/error.h"

namespace bertrt::archive {

/// Reads a zip archive's directory and the local headers; used by ZipDirectory, which says how strictly, and
/// by PartialFile.
class ZipParser {
 public:
  /// @param fetch  is told of each range before it is looked at (it may reach past the end): for bytes that are read
  ///               from a file when they are wanted. Data of entries is not looked at
  ZipParser(std::span<const std::byte> bytes, const std::string& where,
            std::function<void(std::uint64_t offset, std::uint64_t count)> fetch = {})
      : bytes_(bytes), where_(where), fetch_(std::move(fetch)) {}

  /// The files in the directory's order; folders are checked and left out.
  std::vector<ZipEntry> parse();

 private:
  /// What the directory's entry and the local header both say.
  struct Header {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
    std::uint16_t name_size = 0;
    std::uint16_t extra_size = 0;
  };
  struct Extent {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  Error bad(std::string expected, std::string found) const;
  template <typename T>
  T need(std::optional<T> value) const;

  Header read_common(ByteReader& reader) const;
  std::optional<ZipEntry> read_entry(ByteReader& reader);
  void check_kind(const std::string& shown, const Header& header, std::uint32_t attributes, bool folder) const;
  void widen(std::span<const std::byte> extra, const std::string& shown, Header& header, std::uint64_t* offset) const;
  std::span<const std::byte> locate(std::string_view name, const std::string& shown, const Header& header,
                                    std::uint64_t offset);
  std::uint64_t end_of_descriptor(std::uint64_t at, const std::string& shown, const Header& header) const;
  void check_extents();
  void fetch(std::uint64_t offset, std::uint64_t count) const;

  std::span<const std::byte> bytes_;
  const std::string& where_;
  std::function<void(std::uint64_t offset, std::uint64_t count)> fetch_;
  ZipEnd end_;
  std::vector<Extent> extents_;  // of every entry, with its header
};

}  // namespace bertrt::archive
