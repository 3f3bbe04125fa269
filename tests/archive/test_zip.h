#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/crc32.h"
#include "archive/inflate.h"
#include "bertrt/error.h"

namespace bertrt::archive::test {

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::filesystem::path data(std::string_view name) { return std::filesystem::path(BERTRT_TEST_DATA) / name; }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(i < 8 ? value >> (8 * i) : 0));
}

/// An entry of a zip file that a test builds; the fields beside name and content are there to be made wrong.
struct RawEntry {
  std::string name = {};
  std::string content = {};  // as it stands in the file
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::uint32_t size = 0xfffffffe;  // of the file itself; by default the content's
  std::string local_name = {};      // by default the name
  std::int64_t offset = -1;         // by default where the entry stands
  std::int64_t crc = -1;            // by default that of the file itself
  std::uint32_t attributes = 0;     // external ones
  std::int64_t local_crc = -1;      // by default crc
  std::int64_t local_size = -1;     // by default size, and the content's for the compressed one
  std::int64_t local_flags = -1;    // by default flags
  std::string extra = {};           // in the directory
  std::string behind = {};          // the data: a descriptor, or what should not be there
};

/// The checksum that a directory should have; of the content itself where it cannot be inflated.
inline std::uint32_t true_crc(const RawEntry& entry, std::uint32_t size) {
  if (entry.method == 8 && size < (1U << 20)) {
    try {
      const auto inflated = inflate_raw(bytes_of(entry.content), size, "test");
      return crc32_of({inflated.get(), size});
    } catch (const Error&) {
    }
  }
  return crc32_of(bytes_of(entry.content));
}

/// The bytes of a zip file with these entries. @param count  what the end record says; by default the truth
inline std::string make_zip(const std::vector<RawEntry>& entries, int count = -1, std::string_view comment = {}) {
  std::string out;
  std::string directory;
  for (const RawEntry& entry : entries) {
    const auto at =
        static_cast<std::uint64_t>(entry.offset >= 0 ? entry.offset : static_cast<std::int64_t>(out.size()));
    const std::uint32_t size = entry.size == 0xfffffffe ? static_cast<std::uint32_t>(entry.content.size()) : entry.size;
    const std::string& local = entry.local_name.empty() ? entry.name : entry.local_name;
    const auto crc = entry.crc >= 0 ? static_cast<std::uint64_t>(entry.crc) : true_crc(entry, size);
    const auto or_else = [](std::int64_t value, std::uint64_t fallback) {
      return value >= 0 ? static_cast<std::uint64_t>(value) : fallback;
    };
    put(out, 0x04034b50, 4);
    put(out, 20, 2);
    put(out, or_else(entry.local_flags, entry.flags), 2);
    put(out, entry.method, 2);
    put(out, 0, 4);
    put(out, or_else(entry.local_crc, crc), 4);
    put(out, or_else(entry.local_size, entry.content.size()), 4);
    put(out, or_else(entry.local_size, size), 4);
    put(out, local.size(), 2);
    put(out, 0, 2);
    out += local + entry.content + entry.behind;
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    put(directory, 20, 2);
    put(directory, entry.flags, 2);
    put(directory, entry.method, 2);
    put(directory, 0, 4);
    put(directory, crc, 4);
    put(directory, entry.content.size(), 4);
    put(directory, size, 4);
    put(directory, entry.name.size(), 2);
    put(directory, entry.extra.size(), 2);
    put(directory, 0, 6);
    put(directory, entry.attributes, 4);
    put(directory, at, 4);
    directory += entry.name + entry.extra;
  }
  const std::size_t start = out.size();
  out += directory;
  const auto number = static_cast<std::uint64_t>(count < 0 ? static_cast<int>(entries.size()) : count);
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, number, 2);
  put(out, number, 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, comment.size(), 2);
  return out.append(comment);
}

/// A TorchScript archive with these entries, and what every archive has where it is not given.
inline std::string make_archive(std::vector<RawEntry> entries) {
  const auto add = [&](std::string name, std::string content) {
    for (RawEntry& entry : entries) {
      if (entry.name == name) return;
    }
    entries.push_back({std::move(name), std::move(content)});
  };
  for (RawEntry& entry : entries) entry.name.insert(0, "m/");
  add("m/data.pkl",
      "\x80\x02"
      "c__torch__\nM\n)\x81}b.");
  add("m/constants.pkl", "\x80\x02).");
  return make_zip(entries);
}

}  // namespace bertrt::archive::test
