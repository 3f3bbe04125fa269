#include "archive/rewrite.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "archive/guard.h"

namespace bertrt::archive {
namespace {

constexpr std::string_view kRoot = "model/";
constexpr std::uint64_t kOnes = 0xffffffff;

bool needed(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kFiles = {"data.pkl", "constants.pkl", "version", ".data/version",
                                                             "byteorder"};
  if (std::find(kFiles.begin(), kFiles.end(), name) != kFiles.end()) return true;
  if (name.starts_with("data/") || name.starts_with("constants/")) return true;
  return name.starts_with("code/") && lower_case(name).ends_with(".py");
}

class Writer {
 public:
  explicit Writer(std::uint64_t narrow) : narrow_(narrow) {}

  void reserve(std::uint64_t bytes) { out_.reserve(static_cast<std::size_t>(bytes)); }

  void add(std::string_view name, std::span<const std::byte> data, std::uint32_t crc) {
    const std::uint64_t at = out_.size();
    const std::uint64_t size = data.size();
    const bool wide_size = size >= narrow_;
    number(out_, 0x04034b50, 4);
    common(out_, crc, wide_size ? kOnes : size, name.size(), wide_size ? 20 : 0);
    text(out_, name);
    if (wide_size) wide(out_, {size, size});
    out_.insert(out_.end(), data.begin(), data.end());

    const bool wide_offset = at >= narrow_;
    const std::uint64_t extra = wide_size || wide_offset ? 4 + (wide_size ? 16 : 0) + (wide_offset ? 8 : 0) : 0;
    number(directory_, 0x02014b50, 4);
    number(directory_, kVersion, 2);
    common(directory_, crc, wide_size ? kOnes : size, name.size(), extra);
    number(directory_, 0, 10);  // comment, disk, attributes
    number(directory_, wide_offset ? kOnes : at, 4);
    text(directory_, name);
    if (wide_size && wide_offset) {
      wide(directory_, {size, size, at});
    } else if (wide_size) {
      wide(directory_, {size, size});
    } else if (wide_offset) {
      wide(directory_, {at});
    }
    ++entries_;
  }

  std::vector<std::byte> finish() {
    const std::uint64_t at = out_.size();
    out_.insert(out_.end(), directory_.begin(), directory_.end());
    const std::uint64_t end = out_.size();
    const bool wide_end = entries_ >= 0xffff || at >= narrow_ || directory_.size() >= narrow_;
    if (wide_end) {
      number(out_, 0x06064b50, 4);
      number(out_, 44, 8);
      number(out_, kVersion, 2);
      number(out_, kVersion, 2);
      number(out_, 0, 8);  // disks
      number(out_, entries_, 8);
      number(out_, entries_, 8);
      number(out_, directory_.size(), 8);
      number(out_, at, 8);
      number(out_, 0x07064b50, 4);
      number(out_, 0, 4);
      number(out_, end, 8);
      number(out_, 1, 4);
    }
    number(out_, 0x06054b50, 4);
    number(out_, 0, 4);  // disks
    number(out_, wide_end ? 0xffff : entries_, 2);
    number(out_, wide_end ? 0xffff : entries_, 2);
    number(out_, wide_end ? kOnes : directory_.size(), 4);
    number(out_, wide_end ? kOnes : at, 4);
    number(out_, 0, 2);
    return std::move(out_);
  }

 private:
  using Bytes = std::vector<std::byte>;
  static constexpr std::uint64_t kVersion = 45;  // the first that knows 64 bits

  static void number(Bytes& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(i < 8 ? static_cast<std::byte>(value >> (8 * i)) : std::byte{0});
  }
  static void text(Bytes& out, std::string_view name) {
    const auto bytes = std::as_bytes(std::span(name));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  static void wide(Bytes& out, std::initializer_list<std::uint64_t> values) {
    number(out, 1, 2);
    number(out, values.size() * 8, 2);
    for (const std::uint64_t value : values) number(out, value, 8);
  }
  // What local header and directory have in common: version, flags, method, time, checksum, sizes, lengths.
  static void common(Bytes& out, std::uint32_t crc, std::uint64_t size, std::size_t name, std::uint64_t extra) {
    number(out, kVersion, 2);
    number(out, 0, 8);
    number(out, crc, 4);
    number(out, size, 4);
    number(out, size, 4);
    number(out, name, 2);
    number(out, extra, 2);
  }

  std::uint64_t narrow_;
  Bytes out_;
  Bytes directory_;
  std::uint64_t entries_ = 0;
};

}  // namespace

std::vector<std::byte> rewrite(Archive& archive, std::uint64_t narrow) {
  return guard_memory(archive.name(), [&] {
    std::vector<std::string> names;
    std::uint64_t size = 0;
    for (std::string& name : archive.list("")) {
      if (!needed(name)) continue;
      size += archive.find(name)->size + 2 * (name.size() + kRoot.size()) + 140;
      names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    Writer writer(narrow);
    writer.reserve(size + 140);
    for (const std::string& name : names) {
      writer.add(std::string(kRoot) + name, archive.read(name), archive.find(name)->crc);
    }
    return writer.finish();
  });
}

}  // namespace bertrt::archive
