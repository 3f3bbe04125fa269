#include "archive/zip.h"

#include <atomic>
#include <utility>

#include "archive/crc32.h"
#include "archive/inflate.h"
#include "archive/parallel.h"
#include "archive/zip_parser.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

constexpr std::uint64_t kFreeBudget = std::uint64_t{16} << 20;
constexpr std::uint64_t kBudgetFactor = 32;  // TorchScript code deflates to a tenth or so
constexpr std::size_t kBytesPerThread = std::size_t{4} << 20;

std::string where_of(const std::string& file, const ZipEntry& entry) {
  return file + ": " + base::printable(entry.name);
}

}  // namespace

ZipDirectory::ZipDirectory(std::span<const std::byte> bytes, std::string where) : where_(std::move(where)) {
  entries_ = ZipParser(bytes, where_).parse();
  by_name_.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!by_name_.emplace(lower_case(entries_[i].name), i).second) {
      throw Error(ErrorCode::invalid_format, where_, "each name once, whatever the case of its letters",
                  "two entries " + base::printable(entries_[i].name));
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

void ZipReader::require_checksum(const ZipEntry& entry, bool right) const {
  if (right) return;
  throw Error(ErrorCode::invalid_format, where_of(where_, entry), "bytes that match their checksum",
              "others: the file is damaged");
}

std::span<const std::byte> ZipReader::read(const ZipEntry& entry) {
  if (!entry.deflated) {
    if (!checked_.contains(entry.name.data())) {
      require_checksum(entry, crc32_of(entry.payload) == entry.crc);
      checked_.insert(entry.name.data());
    }
    return entry.payload;
  }
  const auto size = static_cast<std::size_t>(entry.size);
  const auto found = inflated_.find(entry.name.data());
  if (found != inflated_.end()) return {found->second.get(), size};
  const std::string where = where_of(where_, entry);
  if (entry.size > budget_) {
    throw Error(ErrorCode::unsupported, where, "entries that inflate to at most " + std::to_string(budget_) + " bytes",
                std::to_string(entry.size));
  }
  budget_ -= entry.size;
  std::shared_ptr<const std::byte[]> data = inflate_raw(entry.payload, size, where);
  const std::span<const std::byte> result(data.get(), size);
  require_checksum(entry, crc32_of(result) == entry.crc);
  inflated_.emplace(entry.name.data(), std::move(data));
  return result;
}

void ZipReader::check(std::span<const ZipEntry* const> entries) {
  std::vector<const ZipEntry*> open;
  std::size_t bytes = 0;
  for (const ZipEntry* entry : entries) {
    if (entry->deflated || checked_.contains(entry->name.data())) continue;
    open.push_back(entry);
    bytes += entry->payload.size();
  }
  // Each thread takes what comes next: sizes differ by far.
  std::vector<std::uint8_t> right(open.size(), 0);
  std::atomic<std::size_t> next{0};
  run_parts(parts_for(bytes, kBytesPerThread), [&](std::size_t) {
    for (std::size_t i = next++; i < open.size(); i = next++) right[i] = crc32_of(open[i]->payload) == open[i]->crc;
  });
  for (std::size_t i = 0; i < open.size(); ++i) {
    require_checksum(*open[i], right[i] != 0);
    checked_.insert(open[i]->name.data());
  }
}

std::vector<std::string> damaged_entries(const ZipDirectory& directory) {
  std::vector<std::string> damaged;
  std::size_t size = 0;
  for (const ZipEntry& entry : directory.entries()) size += entry.payload.size();
  ZipReader reader(size, "");
  for (const ZipEntry& entry : directory.entries()) {
    try {
      (void)reader.read(entry);
    } catch (const Error&) {
      damaged.push_back(base::printable(entry.name));
    }
  }
  return damaged;
}

}  // namespace bertrt::archive
