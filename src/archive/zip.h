#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::archive {

/// The text with its ASCII letters in lower case.
std::string lower_case(std::string_view text);

/// One file in a zip archive, its place in the archive already checked.
struct ZipEntry {
  std::string_view name;  ///< in the archive's bytes
  bool deflated = false;
  std::span<const std::byte> payload;  ///< as stored: the file itself, or its deflate stream
  std::uint64_t size = 0;              ///< of the file itself
  std::uint32_t crc = 0;
};

/// The directory of a zip archive (stored and deflated entries, zip64).
///
/// Strict where zip readers are known to disagree, so that what is checked here is what any other reader would
/// see: one end record, at the very end; the directory right before it; local headers that repeat the directory's
/// name, method and size; no name twice. PKWARE APPNOTE 6.3, sections 4.3 and 4.4.
///
/// Names are compared without regard to the case of ASCII letters, as libtorch compares them: code in an entry
/// "CODE/x.py" is code.
class ZipDirectory {
 public:
  /// `bytes` must outlive the object. @param where for messages. @throws Error invalid_format, unsupported
  ZipDirectory(std::span<const std::byte> bytes, std::string where);

  std::span<const ZipEntry> entries() const noexcept { return entries_; }
  /// Null when there is none.
  const ZipEntry* find(std::string_view name) const;

 private:
  std::string where_;
  std::vector<ZipEntry> entries_;               // in the directory's order
  std::map<std::string, std::size_t> by_name_;  // in lower case
};

/// Reads entries; keeps what had to be inflated. All of it together stays within a budget that grows with the
/// archive's own size, so that a small file cannot ask for much memory.
class ZipReader {
 public:
  ZipReader(std::size_t archive_size, std::string where);

  /// A stored entry is a view of the archive; a deflated one lives as long as this object.
  /// @throws Error invalid_format, unsupported (over the budget)
  std::span<const std::byte> read(const ZipEntry& entry);

 private:
  std::string where_;
  std::uint64_t budget_;
  std::map<const char*, std::unique_ptr<std::byte[]>> inflated_;
};

/// Names of the entries whose bytes do not match the directory's checksum. Reads everything.
/// @throws Error as ZipReader::read does
std::vector<std::string> damaged_entries(const ZipDirectory& directory, ZipReader& reader);

}  // namespace bertrt::archive
