#include "archive/archive.h"

#include <array>

#include "archive/byte_reader.h"
#include "archive/file_kind.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

const char* expected(ArchiveKind kind) {
  return kind == ArchiveKind::program ? "a TorchScript model (torch.jit.save)"
                                      : "weights as torch.save writes them since 1.6";
}

std::span<const std::byte> check_zip(std::span<const std::byte> bytes, const std::string& name, ArchiveKind kind) {
  const std::string other = describe_other_file(bytes);
  if (!other.empty()) throw Error(ErrorCode::invalid_format, name, expected(kind), other);
  return bytes;
}

}  // namespace

Archive::Archive(std::span<const std::byte> bytes, const std::string& name, ArchiveKind kind)
    : name_(name), directory_(check_zip(bytes, name, kind), name), reader_(bytes.size(), name) {
  // libtorch takes the first entry's folder for the archive's; so it is ours.
  if (!directory_.entries().empty()) {
    const std::string_view first = directory_.entries().front().name;
    const std::size_t slash = first.find('/');
    if (slash != std::string_view::npos) root_ = first.substr(0, slash + 1);
  }
  const std::string other = kind == ArchiveKind::program ? describe_other_archive(directory_, root_)
                            : !has("data.pkl")           ? "a zip archive without data.pkl"
                            : has("constants.pkl")       ? "a TorchScript model"
                                                         : "";
  if (!other.empty()) throw Error(ErrorCode::invalid_format, name_, expected(kind), other);
  if (root_.empty()) {
    throw Error(ErrorCode::invalid_format, name_, "entries in one top folder, as torch.jit.save writes them", "none");
  }
  check_names();
  if (const ZipEntry* order = find("byteorder"); order != nullptr && as_text(reader_.read(*order)) != "little") {
    throw Error(ErrorCode::unsupported, name_, "numbers stored little-endian", "another byte order");
  }
}

void Archive::check_names() const {
  static constexpr std::array<std::string_view, 9> kKnown = {
      "code/", "data/", "constants/", "extra/", ".data/", "data.pkl", "constants.pkl", "version", "byteorder"};
  for (const ZipEntry& entry : directory_.entries()) {
    const auto bad = [&](const char* expected) {
      return Error(ErrorCode::invalid_format, name_, expected, "entry " + base::printable(entry.name));
    };
    if (!entry.name.starts_with(root_)) throw bad("all entries in one top folder");
    const std::string_view inside = entry.name.substr(root_.size());
    const std::string lower = lower_case(inside);
    for (const std::string_view known : kKnown) {
      const bool meant = known.ends_with('/') ? lower.starts_with(known) : lower == known;
      if (meant && !inside.starts_with(known)) throw bad("names as torch.jit.save spells them");
    }
  }
}

std::string Archive::where(std::string_view entry) const { return name_ + ": " + base::printable(entry); }

const ZipEntry* Archive::find(std::string_view entry) const {
  std::string full(root_);
  full += entry;
  return directory_.find(full);
}

std::span<const std::byte> Archive::read(std::string_view entry) {
  const ZipEntry* found = find(entry);
  if (found == nullptr) throw Error(ErrorCode::invalid_format, name_, "an entry " + base::printable(entry), "none");
  return reader_.read(*found);
}

void Archive::check(std::string_view folder) {
  std::vector<const ZipEntry*> entries;
  const std::string start = std::string(root_).append(folder);
  for (const ZipEntry& entry : directory_.entries()) {
    if (entry.name.starts_with(start)) entries.push_back(&entry);
  }
  reader_.check(entries);
}

std::vector<std::string> Archive::list(std::string_view folder) const {
  std::vector<std::string> names;
  const std::string start = lower_case(std::string(root_).append(folder));
  for (const ZipEntry& entry : directory_.entries()) {
    if (entry.name.size() <= start.size() || lower_case(entry.name.substr(0, start.size())) != start) continue;
    names.push_back(std::string(folder).append(entry.name.substr(start.size())));
  }
  return names;
}

}  // namespace bertrt::archive
