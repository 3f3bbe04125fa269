#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bertrt::archive {

/// The text with its ASCII letters in lower case.
std::string lower_case(std::string_view text);

/// One file in a zip archive, its place in the archive already checked.
struct ZipEntry {
  std::string_view name;  ///< in the archive's bytes; good as problem_of_name() has it
  bool deflated = false;
  std::span<const std::byte> payload;  ///< as stored: the file itself, or its deflate stream
  std::uint64_t size = 0;              ///< of the file itself
  std::uint32_t crc = 0;
};

/// The directory of a zip archive (stored and deflated entries, zip64).
///
/// Strict where zip readers are known to disagree, so that what is checked here is what any other reader would see:
/// one end record, at the very end; the directory right before it; entries side by side from the first byte to the
/// directory; local headers, and what follows streamed data, that repeat the directory's name, method, flags, sizes and
/// checksum; attributes of a plain file; plain names (problem_of_name()), none twice. PKWARE APPNOTE 6.3, sections 4.3
/// and 4.4.
///
/// Names are compared without regard to the case of ASCII letters, as libtorch compares them: code in an entry
/// "CODE/x.py" is code. Needs time and memory in proportion to the directory's size, and takes 131,072 entries at most.
class ZipDirectory {
 public:
  /// `bytes` must outlive the object. @param where for messages. @throws Error invalid_format, unsupported
  ZipDirectory(std::span<const std::byte> bytes, std::string where);

  std::span<const ZipEntry> entries() const noexcept { return entries_; }
  /// Null when there is none.
  const ZipEntry* find(std::string_view name) const;

 private:
  std::string where_;
  std::vector<ZipEntry> entries_;                         // in the directory's order, without folders
  std::unordered_map<std::string, std::size_t> by_name_;  // in lower case
};

/// Reads entries, holds them to their checksums, and keeps what had to be inflated. All of that together stays within a
/// budget that grows with the archive's own size, so that a small file cannot ask for much memory. A copy knows what
/// was checked and shares what was inflated.
class ZipReader {
 public:
  ZipReader(std::size_t archive_size, std::string where);

  /// A stored entry is a view of the archive; a deflated one lives as long as this object.
  /// @throws Error invalid_format (damaged), unsupported (over the budget)
  std::span<const std::byte> read(const ZipEntry& entry);
  /// What read() does to the checksums of stored entries, on several threads: many megabytes take a while.
  /// @throws Error invalid_format
  void check(std::span<const ZipEntry* const> entries);

 private:
  void require_checksum(const ZipEntry& entry, bool right) const;

  std::string where_;
  std::uint64_t budget_;
  // By the name's place in the directory, which no two entries share.
  std::map<const char*, std::shared_ptr<const std::byte[]>> inflated_;
  std::set<const char*> checked_;
};

/// Names of the entries that are damaged or inflate to more than the archive may. Reads everything.

std::vector<std::string> damaged_entries(const ZipDirectory& directory);

}  // namespace bertrt::archive
