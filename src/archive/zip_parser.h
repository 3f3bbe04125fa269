#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/byte_reader.h"
#include "archive/zip.h"
#include "archive/zip_end.h"
#include "bertrt/error.h"

namespace bertrt::archive {

/// Reads a zip archive's directory and the local headers; used by ZipDirectory alone, which says how strictly.
class ZipParser {
 public:
  ZipParser(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

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

  std::span<const std::byte> bytes_;
  const std::string& where_;
  ZipEnd end_;
  std::vector<Extent> extents_;  // of every entry, with its header
};

}  // namespace bertrt::archive
